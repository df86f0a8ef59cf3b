"""Rules between the flags of the style variant; the others: test_config."""

import pytest

from migan_tf.config import Config
from migan_tf.errors import UserError


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
