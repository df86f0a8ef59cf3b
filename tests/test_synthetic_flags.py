"""Flags of a job that do not go together are refused."""

import pytest

from migan_tf import synthetic_flags, synthetic_plan, vessel_sources
from migan_tf.errors import UserError

GOOD = {"output": "out", "vessel_source": "deformed", "vessel_maps": ""}


def test_choices_are_those_of_the_modules_that_mean_them():
    assert synthetic_flags.FORMATS == synthetic_plan.FORMATS
    assert synthetic_flags.SOURCES == vessel_sources.SOURCES


def test_good_flags_pass():
    synthetic_flags.check(GOOD)
    synthetic_flags.check(
        GOOD | {"vessel_source": "folder", "vessel_maps": "maps"}
    )


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
        synthetic_flags.check(GOOD | change)
