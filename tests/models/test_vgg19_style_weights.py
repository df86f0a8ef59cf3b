"""Weights of VGG-19, or an error in words."""

import keras
import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.models import vgg19


def test_offline_is_said_in_a_few_lines(monkeypatch):
    def offline(**settings):
        raise Exception(f"URL fetch failure on {vgg19.URL}: None\nmore")

    monkeypatch.setattr(keras.applications, "VGG19", offline)
    with pytest.raises(UserError) as caught:
        vgg19.load("imagenet", 0)
    message = str(caught.value)
    assert vgg19.FILE_NAME in message and "--vgg19_weights=FILE" in message
    assert "models" in message and "URL fetch failure" in message
    assert "more" not in message


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("absent.h5", None, "not a file"),
        ("weights.npz", b"x", ".h5"),
        ("weights.h5", b"not HDF5", "must hold the convolutions"),
        (vgg19.FILE_NAME, b"damaged", "MD5"),
    ],
)
def test_unusable_files_are_refused(tmp_path, name, content, words):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=words) as caught:
        vgg19.load(str(path), 0)
    assert str(path) in str(caught.value)


def test_weights_of_another_network_are_refused(tmp_path):
    network = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3)]
    )
    path = tmp_path / "other.weights.h5"
    network.save_weights(path)
    with pytest.raises(UserError, match="must hold the convolutions"):
        vgg19.load(str(path), 0)


def test_weights_with_nan_are_refused(tmp_path):
    broken = keras.applications.VGG19(include_top=False, weights=None)
    values = broken.get_weights()
    values[0][0, 0, 0, 0] = np.nan
    broken.set_weights(values)
    path = tmp_path / "nan.weights.h5"
    broken.save_weights(path)
    with pytest.raises(UserError, match="NaN"):
        vgg19.load(str(path), 0)


def test_what_is_at_hand_needs_no_download(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert not vgg19.at_hand("imagenet")
    assert not vgg19.at_hand("random")
    path = tmp_path / "models" / vgg19.FILE_NAME
    assert not vgg19.at_hand(str(path))
    path.parent.mkdir()
    path.write_bytes(b"weights")
    assert vgg19.at_hand("imagenet")
    assert vgg19.at_hand(str(path))
