"""Rules between flags; those of single ones: test_config."""

import pytest

from migan_tf.base import config_checks
from migan_tf.base.config import Config
from migan_tf.base.errors import UserError


def test_style_needs_its_image():
    with pytest.raises(UserError, match="--deviation=style needs --style_im"):
        Config(workdir="run", deviation="style").validate()
    Config(workdir="run", deviation="style", style_image="21").validate()


def test_a_style_image_without_style_is_refused():
    with pytest.raises(UserError, match="--style_image is used with") as caught:
        Config(workdir="run", style_image="21").validate()
    assert "--style_image=21 --deviation=l1" in str(caught.value)


def test_segmentation_alone_needs_no_style_image():
    Config(workdir="run", deviation="style", task="segmentation").validate()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dataset": "drive,drive"}, "--dataset must .*'drive,drive'"),
        ({"dataset": "drive, stare"}, "--dataset must .*'drive, stare'"),
        ({"dataset": "drive,,stare"}, "--dataset must .*'drive,,stare'"),
        ({"dataset": ""}, "--dataset must .*''"),
        ({"extra_share": 1.5}, "--extra_share must .*1.5"),
        ({"extra_count": 5}, "--extra_count is of --extra_dataset"),
        ({"extra_dataset": "drive"}, "--extra_dataset must .*'drive' beside"),
        ({"extra_dataset": "a,b"}, "--extra_dataset must be one name"),
        (
            {"segmenter": "unet", "unet_stride": 3},
            "--unet_stride × .*--unet_stride=3 --unet_depth=4",
        ),
        (
            {"segmenter": "unet", "unet_depth": 5, "unet_stride": 4},
            "--unet_stride=4 --unet_depth=5",
        ),
        ({"unet_cascade": 2}, "--unet_cascade is of --segmenter=unet"),
        ({"unet_stride": 2}, "--unet_stride is of --segmenter=unet"),
        ({"unet_normalization": "group"}, "--unet_normalization is of"),
        ({"average_decay": 1.0}, "--average_decay must be below 1"),
        (
            {"colour_code": True, "noise_size": 5},
            "--noise_size must be at least 6",
        ),
        (
            {"discriminator": "residual", "task": "synthesis"},
            "--discriminator=residual .*needs --generator=delta.*migan",
        ),
        (
            {"discriminator": "residual", "generator": "delta"},
            "--discriminator=residual .*needs --task=synthesis.*both",
        ),
        (
            {
                "discriminator": "residual",
                "generator": "delta",
                "task": "synthesis",
            },
            "--discriminator=residual .*needs --generator_steps=1.*=2",
        ),
        (
            {"generator": "delta", "noise_size": 17},
            "--noise_size must be at least 18",
        ),
        ({"generator": "delta", "antialias": True}, "--antialias is of"),
        (
            {"generator": "delta", "colour_code": True},
            "--colour_code is of --generator=migan",
        ),
        (
            {"colour_code": True, "deviation": "style", "style_image": "21"},
            "--colour_code",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(settings, words):
    with pytest.raises(UserError, match=words):
        Config(workdir="run", **settings).validate()


def test_a_folder_with_a_comma_is_told_from_two_datasets(tmp_path, monkeypatch):
    place = tmp_path / "eyes, left, 2024"
    place.mkdir()
    with pytest.raises(UserError, match="has a comma.*left, 2024'.*manual_dir"):
        Config(workdir="run", dataset=f"drive,folder:{place}").validate()
    (tmp_path / "eyes").mkdir()
    with pytest.raises(UserError, match="has a comma"):
        Config(workdir="run", dataset=f"folder:{place}").validate()
    with pytest.raises(UserError, match="has a comma"):
        Config(workdir="run", extra_dataset=f"folder:{place}").validate()
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UserError, match="has a comma"):
        Config(workdir="run", dataset=f"folder:~/{place.name}").validate()
    both = Config(workdir="run", dataset=f"folder:{tmp_path},drive")
    both.validate()


def test_what_goes_together_is_taken():
    Config(
        workdir="run",
        dataset="drive,stare",
        extra_dataset="phantom/demo",
        extra_share=1.0,
        extra_count=3,
        segmenter="unet",
        unet_stride=2,
        unet_depth=5,
        unet_cascade=3,
        unet_normalization="group",
        average_decay=0.999,
        colour_code=True,
        noise_size=6,
    ).validate()


def test_the_papers_objectives_are_open_to_delta():
    Config(workdir="run", generator="delta").validate()
    Config(
        workdir="run", generator="delta", deviation="style", style_image="21"
    ).validate()


def test_the_least_noise_code_holds_a_style():
    from migan_tf.models import style_code

    assert config_checks.LIGHT_SIZE == style_code.LIGHTS
