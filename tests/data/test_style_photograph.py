"""x_s, the photograph whose style is taken, from a dataset or a file."""

import dataclasses

import cv2
import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.data import photographs, style_photograph
from migan_tf.phantom.retina import phantom_retina


@pytest.fixture
def config(tiny_config):
    source = photographs.Source.of(tiny_config)
    first = photographs.load(source, "train")[0].image_id
    return dataclasses.replace(tiny_config, style_image=first)


def test_an_image_id_is_a_style(config):
    found = style_photograph.load_style_photograph(config)
    assert found.fundus.shape == (64, 64, 3)
    assert found.fov_mask.shape == (64, 64, 1)
    source = photographs.Source.of(config)
    original = photographs.load(source, "train")[0]
    # The mean colour survives the resampling.
    inside = found.fov_mask[..., 0] > 0
    mean = (found.fundus[inside].mean(0) + 1) * 127.5
    expected = original.fundus[original.fov_mask].mean(0)
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
        (str(text), "--style_image.*not readable"),
        ("nobody", "image_id of phantom/demo"),
        (str(black), "no fundus found"),
    ):
        wrong = dataclasses.replace(config, style_image=wanted)
        with pytest.raises(UserError, match=words) as caught:
            style_photograph.load_style_photograph(wrong)
        assert wanted in str(caught.value)
