"""Flags of a job that do not go together are refused."""

import pytest

from migan_tf import synthetic_flags, vessel_sources
from migan_tf.errors import UserError

GOOD = {
    "output": "out",
    "vessel_source": "deformed",
    "vessel_maps": "",
    **dict.fromkeys("workdir model data_dir manual_dir reader".split(), ""),
}


def test_sources_are_those_that_can_be_made():
    assert synthetic_flags.SOURCES == vessel_sources.SOURCES


def test_good_flags_pass():
    assert synthetic_flags.checked(GOOD) == GOOD
    folder = GOOD | {"vessel_source": "folder", "vessel_maps": "maps"}
    assert synthetic_flags.checked(folder) == folder


def test_a_tilde_is_the_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    found = synthetic_flags.checked(GOOD | {"output": "~/made"})
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
        synthetic_flags.checked(GOOD | change)


def test_maps_that_are_painted_as_they_are_take_no_flags_of_a_job():
    values = GOOD | {"vessel_source": None, "vessel_maps": "m", "count": 9}
    given = {"vessel_maps", "output", "seed"}
    assert synthetic_flags.checked_plain(values, given) == values
    with pytest.raises(UserError, match="with --count. Received: --count=9"):
        synthetic_flags.checked_plain(values, given | {"count"})
    with pytest.raises(UserError, match="--vessel_maps is required"):
        synthetic_flags.checked_plain(values | {"vessel_maps": ""}, given)


def test_a_tilde_is_the_home_of_plain_maps_too(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    values = GOOD | {"vessel_maps": "~/maps", "output": "~/made"}
    found = synthetic_flags.checked_plain(values, ())
    assert found["vessel_maps"] == "/home/me/maps"
    assert found["output"] == "/home/me/made"
