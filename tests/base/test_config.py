"""The settings: the paper's values, their bounds, their messages."""

import dataclasses

import pytest

from migan_tf.base.config import TASKS, Config
from migan_tf.base.errors import UserError

FIELDS = {field.name: field for field in dataclasses.fields(Config)}
NUMBERS = [n for n, f in FIELDS.items() if f.type in (int, float)]


def refused(**settings):
    with pytest.raises(UserError) as caught:
        Config(**{"workdir": "runs/a", **settings}).validate()
    return str(caught.value)


def test_defaults_are_the_papers():
    settings = Config(workdir="runs/a").validate()
    assert settings.image_size == 512
    assert settings.noise_size == 400
    assert settings.noise_stddev == 0.001
    assert settings.evaluation_noise_stddev == 1
    assert settings.generator_steps == 2
    assert settings.learning_rate == 2e-4
    assert settings.deviation_weight == settings.segmentation_weight == 10
    assert settings.discriminator == "image"
    assert settings.base_filters == settings.segmenter_filters == 64
    assert settings.validation_images == 1  # 19 : 1


def test_every_field_has_a_help_and_a_type_that_a_flag_can_have():
    for field in FIELDS.values():
        assert field.metadata["help"] and field.type in (str, bool, int, float)
        if field.metadata["choices"]:
            assert field.default in field.metadata["choices"]


@pytest.mark.parametrize(
    "name", [n for n, f in FIELDS.items() if f.metadata["choices"]]
)
def test_choices(name):
    choices = FIELDS[name].metadata["choices"]
    for choice in choices:
        settings = {"workdir": "runs/a", name: choice}
        if choice == "style":
            settings["style_image"] = "21_training"
        if name.startswith("unet_"):
            settings["segmenter"] = "unet"
        if choice == "residual":
            settings |= {"generator": "delta", "task": "synthesis"}
            settings["generator_steps"] = 1
        Config(**settings).validate()
    text = refused(**{name: "else"})
    assert f"--{name} must be one of" in text and "Received: 'else'" in text
    assert all(choice in text for choice in choices)


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_have_a_lower_bound(name):
    minimum = FIELDS[name].metadata["minimum"]
    maximum = FIELDS[name].metadata["maximum"]
    assert minimum is not None
    text = refused(**{name: minimum - 1})
    rule = f"at least {minimum}"
    if maximum is not None:
        rule = f"lie between {minimum} and {maximum}"
    assert rule in text and f"--{name} must " in text
    assert f"Received: {minimum - 1}" in text


@pytest.mark.parametrize(
    "name", [n for n, f in FIELDS.items() if f.type is float]
)
def test_nan_is_refused(name):
    assert f"--{name} " in refused(**{name: float("nan")})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"workdir": ""}, "--workdir is required"),
        ({"image_size": 500}, "--image_size must be a multiple of 64"),
        ({"crop_size": 576}, "--crop_size must not exceed --image_size (512)"),
        ({"crop_size": 96}, "--crop_size must be a multiple of 64"),
        (
            {"segmenter": "unet", "unet_depth": 7},
            "must divide 64, as --image_size does",
        ),
    ],
)
def test_sizes_and_workdir(settings, words):
    text = refused(**settings)
    assert words in text and "Received: " in text


def test_sizes_that_fit():
    settings = Config("both", "runs/a", crop_size=192).validate()
    assert settings.network_size("segmentation") == 192
    assert settings.network_size("synthesis") == 512
    assert Config().network_size("segmentation") == 512
    # The depth of a network that is not used does not matter.
    Config("both", "runs/a", unet_depth=7).validate()


def test_a_task_is_trained_alone_or_with_the_other():
    assert Config(task="both").tasks() == TASKS
    for task in TASKS:
        assert Config(task=task).tasks() == (task,)


def test_steps_of_a_task():
    settings = Config(segmentation_steps=3, synthesis_steps=5)
    assert settings.steps("segmentation") == 3
    assert settings.steps("synthesis") == 5


# An infinite weight, rate or angle trains nothing but NaN.
@pytest.mark.parametrize(
    "name", [n for n, f in FIELDS.items() if f.type is float]
)
def test_infinity_is_refused(name):
    assert f"--{name} " in refused(**{name: float("inf")})


def test_adam_needs_a_decay_below_one():
    assert "--adam_beta_1 " in refused(adam_beta_1=1.0)
