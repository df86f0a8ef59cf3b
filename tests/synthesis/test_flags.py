"""Flags of `synthesize` that do not go together are refused."""

import pathlib

import pytest

from migan_tf.base.config import Config
from migan_tf.base.errors import UserError
from migan_tf.inference.model_folder import ModelFolder
from migan_tf.synthesis import flags, formats
from migan_tf.synthesis.flags import JobSettings, Settings


def test_formats_are_those_that_can_be_written():
    assert tuple(formats.BY_NAME) == flags.FORMATS


def test_good_flags_pass():
    flags.check(JobSettings(vessel_source="deformed"))
    flags.check(JobSettings(vessel_source="folder", vessel_maps="maps"))
    flags.check(Settings(vessel_maps="maps"), {"vessel_maps", "seed"})
    flags.check(Settings(vessel_maps="maps", recursive=True), {"recursive"})


@pytest.mark.parametrize(
    "change, words",
    [
        ({"output": ""}, "--output is required"),
        ({"vessel_maps": "maps"}, "--vessel_maps goes with"),
        ({"vessel_source": "folder"}, "--vessel_maps goes with"),
        ({"contrast": "0.9:0.2"}, "--contrast must be"),
        ({"recursive": True}, "--recursive goes with --vessel_maps"),
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


def check_generator(generator, **asked):
    folder = ModelFolder(
        pathlib.Path("RUN/synthesis"),
        "synthesis",
        Config(generator=generator, image_size=512),
    )
    flags.check_generator(JobSettings(**asked), folder)


@pytest.mark.parametrize(
    "asked",
    [{"contrast": "0.5:1.2"}, {"style_fundus": "a.jpg"}, {"image_size": 1024}],
)
def test_what_delta_alone_can_do_is_not_asked_of_the_papers(asked):
    check_generator("delta", **asked)
    ((name, value),) = asked.items()
    told = (
        f"--{name} must go with a generator of --generator=delta. Received: "
        f"--{name}={value} with RUN/synthesis, of --generator=migan and 512 "
        "pixels. Next: give the --workdir"
    )
    with pytest.raises(UserError, match=told):
        check_generator("migan", **asked)


def test_what_every_generator_does_may_be_asked_of_all():
    for generator in ("migan", "delta"):
        check_generator(generator)
        check_generator(generator, contrast="1.0", image_size=512)


@pytest.mark.parametrize("size, nearest", [(1000, 1024), (20, 64), (97, 128)])
def test_a_size_that_cannot_be_halved_has_a_neighbour(size, nearest):
    told = f"--image_size={size}. Next: --image_size={nearest}"
    with pytest.raises(UserError, match=told):
        check_generator("delta", image_size=size)
