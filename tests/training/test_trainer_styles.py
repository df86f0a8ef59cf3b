"""Several runs of one command: each style its own, and what is looked at."""

import dataclasses
import json

import cv2
import pytest

from migan_tf.base import config_flags
from migan_tf.base.errors import UserError
from migan_tf.phantom.retina import phantom_retina
from migan_tf.training import trainer


@pytest.fixture
def runs(tiny_config, tmp_path):
    """The runs of two styles, as the flags would give them."""
    styles = []
    for seed in (8, 9):
        styles.append(str(tmp_path / f"eye{seed}.png"))
        fundus = phantom_retina(90, 90, seed).fundus
        cv2.imwrite(styles[-1], fundus[..., ::-1])
    config = dataclasses.replace(
        tiny_config,
        workdir=str(tmp_path / "run"),
        deviation="style",
        style_image=styles[0],
        vgg19_weights="random",
        style_layers="block1_conv1",
        content_layer="block1_conv1",
        segmentation_steps=2,
        synthesis_steps=2,
    )
    return config_flags._one_run_a_style(config, styles)


@pytest.mark.slow
def test_each_style_gets_a_generator_and_all_share_a_segmenter(runs, tmp_path):
    assert trainer.train(*runs) == 0
    folder = tmp_path / "run"
    found = sorted(p.relative_to(folder) for p in folder.rglob("best"))
    assert [path.as_posix() for path in found] == [
        "eye8/synthesis/best",
        "eye9/synthesis/best",
        "segmentation/best",
    ]
    for seed in (8, 9):
        record = folder / f"eye{seed}" / "synthesis" / "run.json"
        config = json.loads(record.read_text())["config"]
        assert config["style_image"] == str(tmp_path / f"eye{seed}.png")
        assert config["segmenter_model"] == str(folder / "segmentation")
    # The same command again has nothing left to do.
    assert trainer.train(*runs) == 0


def test_a_later_style_that_is_missing_is_said_at_once(runs, tmp_path):
    (tmp_path / "eye9.png").unlink()
    with pytest.raises(UserError, match="eye9.png"):
        trainer.train(*runs)
    assert not (tmp_path / "run").exists()


def test_a_dry_run_of_several_styles_needs_no_segmenter_yet(runs, tmp_path):
    dry = [dataclasses.replace(run, dry_run=True) for run in runs]
    assert trainer.train(*dry) == 0
    assert not list(tmp_path.glob("run/**/run.json"))
