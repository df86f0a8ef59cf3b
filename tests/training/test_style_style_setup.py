"""x_s, VGG-19 and the segmenter of a style run are there, or it is said."""

import dataclasses

import cv2
import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.data import photographs, style_photograph
from migan_tf.phantom.retina import phantom_retina
from migan_tf.training import style


@pytest.fixture
def config(tiny_config, tiny_run):
    first = photographs.load(tiny_config, "train")[0].image_id
    return dataclasses.replace(
        tiny_config,
        workdir=str(tiny_run),
        task="synthesis",
        deviation="style",
        style_image=first,
        vgg19_weights="random",
        style_layers="block1_conv1, block2_conv1",
        content_layer="block2_conv1",
    )


def test_an_image_id_is_a_style(config):
    found = style_photograph.load_style_photograph(config)
    assert found.fundus.shape == (64, 64, 3)
    assert found.fov_mask.shape == (64, 64, 1)
    original = photographs.load(config, "train")[0].fundus
    # The mean colour survives the resampling.
    inside = found.fov_mask[..., 0] > 0
    mean = (found.fundus[inside].mean(0) + 1) * 127.5
    expected = original[photographs.load(config, "train")[0].fov_mask].mean(0)
    np.testing.assert_allclose(mean, expected, atol=4)


def test_a_file_of_any_size_is_a_style(config, tmp_path):
    retina = phantom_retina(150, 200, 5)
    path = tmp_path / "style.png"
    cv2.imwrite(str(path), retina.fundus[..., ::-1])
    config = dataclasses.replace(config, style_image=str(path))
    found = style_photograph.load_style_photograph(config)
    assert found.fundus.shape == (64, 64, 3)
    assert 0.5 < found.fov_mask.mean() < 0.9


def test_what_is_no_style_is_named(config, tmp_path):
    black = tmp_path / "black.png"
    cv2.imwrite(str(black), np.zeros((80, 80, 3), np.uint8))
    text = tmp_path / "text.png"
    text.write_text("no picture")
    for wanted, words in (
        (str(text), "--style_image=.*not an image"),
        ("nobody", "image_id of phantom/demo"),
        (str(black), "no fundus found"),
    ):
        wrong = dataclasses.replace(config, style_image=wanted)
        with pytest.raises(UserError, match=words) as caught:
            style_photograph.load_style_photograph(wrong)
        assert wanted in str(caught.value)


def test_the_runs_own_segmenter_or_anothers(config, tiny_run, tmp_path):
    objective = style.StyleSetup(config).objective()
    assert objective.random_features
    assert objective.style_fundus.shape == (1, 64, 64, 3)
    empty = dataclasses.replace(config, workdir=str(tmp_path / "empty"))
    with pytest.raises(UserError, match="--segmenter_model"):
        style.prepare(empty)
    other = dataclasses.replace(
        empty, segmenter_model=str(tiny_run / "segmentation")
    )
    style.StyleSetup(other).objective()


def test_with_both_tasks_the_segmenter_comes_later(config, tmp_path):
    both = dataclasses.replace(config, task="both", workdir=str(tmp_path))
    planned = [tmp_path / "segmentation"]
    assert style.prepare(both, planned) is not None
    with pytest.raises(UserError, match="needs a trained segmenter"):
        style.prepare(both)
