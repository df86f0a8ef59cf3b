"""Flags of a job that do not go together are refused."""

import pytest

from migan_tf.base.errors import UserError
from migan_tf.synthesis import flags as synthesis_flags
from migan_tf.vessel_maps import sources

GOOD = {
    "output": "out",
    "vessel_source": "deformed",
    "vessel_maps": "",
    **dict.fromkeys("workdir model data_dir manual_dir reader".split(), ""),
}


def test_sources_are_those_that_can_be_made():
    assert synthesis_flags.SOURCES == sources.SOURCES


def test_good_flags_pass():
    assert synthesis_flags.checked(GOOD) == GOOD
    folder = GOOD | {"vessel_source": "folder", "vessel_maps": "maps"}
    assert synthesis_flags.checked(folder) == folder


def test_a_tilde_is_the_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    found = synthesis_flags.checked(GOOD | {"output": "~/made"})
    assert found["output"] == "/home/me/made"


@pytest.mark.parametrize(
    "change, words",
    [
        ({"output": ""}, "--output is required"),
        ({"vessel_maps": "maps"}, "--vessel_maps goes with"),
        ({"vessel_source": "folder"}, "--vessel_maps goes with"),
    ],
)
def test_bad_flags_are_named(change, words):
    with pytest.raises(UserError, match=words):
        synthesis_flags.checked(GOOD | change)


def test_maps_that_are_painted_as_they_are_take_no_flags_of_a_job():
    values = GOOD | {"vessel_source": None, "vessel_maps": "m", "count": 9}
    given = {"vessel_maps", "output", "seed"}
    assert synthesis_flags.checked_plain(values, given) == values
    with pytest.raises(UserError, match="with --count. Received: --count=9"):
        synthesis_flags.checked_plain(values, given | {"count"})
    with pytest.raises(UserError, match="--vessel_maps is required"):
        synthesis_flags.checked_plain(values | {"vessel_maps": ""}, given)


def test_a_tilde_is_the_home_of_plain_maps_too(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    values = GOOD | {"vessel_maps": "~/maps", "output": "~/made"}
    found = synthesis_flags.checked_plain(values, ())
    assert found["vessel_maps"] == "/home/me/maps"
    assert found["output"] == "/home/me/made"
