"""Flags of `synthesize` that do not go together are refused."""

import pytest

from migan_tf.base.errors import UserError
from migan_tf.synthesis import flags, formats
from migan_tf.synthesis.flags import JobSettings, Settings


def test_formats_are_those_that_can_be_written():
    assert tuple(formats.BY_NAME) == flags.FORMATS


def test_good_flags_pass():
    flags.check(JobSettings(vessel_source="deformed"))
    flags.check(JobSettings(vessel_source="folder", vessel_maps="maps"))
    flags.check(Settings(vessel_maps="maps"), {"vessel_maps", "seed"})


@pytest.mark.parametrize(
    "change, words",
    [
        ({"output": ""}, "--output is required"),
        ({"vessel_maps": "maps"}, "--vessel_maps goes with"),
        ({"vessel_source": "folder"}, "--vessel_maps goes with"),
    ],
)
def test_flags_of_a_job_that_do_not_go_together_are_named(change, words):
    with pytest.raises(UserError, match=words):
        flags.check(JobSettings(**{"vessel_source": "deformed", **change}))


def test_a_job_makes_one_image_of_each_map():
    with pytest.raises(UserError, match="--samples goes without"):
        flags.check(Settings(vessel_source="deformed"), {"samples"})


@pytest.mark.parametrize("name", ["count", "shard", "reader"])
def test_maps_that_are_painted_as_they_are_take_no_flags_of_a_job(name):
    plain = Settings(vessel_maps="m")
    told = f"with --{name}. Received: --{name}={getattr(plain, name)}"
    with pytest.raises(UserError, match=told):
        flags.check(plain, {"vessel_maps", "output", name})


def test_maps_are_needed_where_none_are_made():
    with pytest.raises(UserError, match="--vessel_maps is required"):
        flags.check(Settings())
