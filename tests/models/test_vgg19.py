"""VGG-19: the features of keras.applications, and where its weights lie."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from migan_tf.base.errors import UserError
from migan_tf.models import vgg19

STYLE_LAYERS = [f"block{n}_conv1" for n in range(1, 6)]


@pytest.fixture(scope="module")
def plain():
    """The network of keras.applications itself, with weights of a seed."""
    keras.utils.set_random_seed(3)
    return keras.applications.VGG19(include_top=False, weights=None)


@pytest.fixture(scope="module")
def weights_file(plain, tmp_path_factory):
    path = tmp_path_factory.mktemp("vgg") / "own.weights.h5"
    plain.save_weights(path)
    return path


@pytest.fixture(scope="module")
def ours(weights_file):
    return vgg19.Vgg19(str(weights_file), STYLE_LAYERS, "block4_conv1")


@pytest.fixture(scope="module")
def random_weights():
    return shallow(seed=1)


def shallow(**settings):
    return vgg19.Vgg19(
        "random", STYLE_LAYERS[:2], content_layer="block2_conv1", **settings
    )


def images(seed, size=32):
    rng = np.random.default_rng(seed)
    drawn = rng.uniform(-1, 1, (2, size, size, 3))
    return tf.constant(drawn, tf.float32)


def reference(plain, x):
    """Features by the plain network on what the paper of VGG feeds it."""
    levels = (x[..., ::-1] + 1) * 127.5 - [103.939, 116.779, 123.68]
    outputs = [plain.get_layer(name).output for name in STYLE_LAYERS]
    return keras.Model(plain.input, outputs)(levels)


def test_features_are_those_of_keras_applications(plain, ours):
    x = images(0)
    features, content = ours.features(x)
    expected = reference(plain, x)
    assert [f.shape for f in features] == [e.shape for e in expected]
    for found, theirs in zip(features, expected, strict=True):
        scale = np.abs(theirs).max()
        np.testing.assert_allclose(found, theirs, rtol=0, atol=1e-5 * scale)
    np.testing.assert_array_equal(content, features[3])
    np.testing.assert_allclose(ours.content(x), content, rtol=1e-5, atol=1e-6)
    assert not ours.random


def test_the_gradient_is_that_of_keras_applications(plain, ours):
    x = images(1)

    def gradient(features):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.add_n([tf.reduce_sum(f**2) for f in features(x)])
        return tape.gradient(total, x).numpy()

    found = gradient(lambda x: ours.features(x)[0])
    expected = gradient(lambda x: reference(plain, x))
    scale = np.abs(expected).max()
    assert scale > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * scale)


def test_random_weights_are_of_the_seed(random_weights):
    x = images(2)
    expected = random_weights.content(x).numpy()
    np.testing.assert_array_equal(shallow(seed=1).content(x), expected)
    assert (shallow(seed=2).content(x).numpy() != expected).any()
    assert random_weights.random


def test_features_are_float32_under_any_policy():
    keras.config.set_dtype_policy("mixed_float16")
    network = shallow()
    assert keras.config.dtype_policy().name == "mixed_float16"
    features, content = network.features(images(3))
    assert features[0].dtype == content.dtype == tf.float32


@pytest.mark.parametrize("size, factor", [(64, 1), (32, 2), (21, 3)])
def test_large_images_are_averaged_first(random_weights, size, factor):
    reducing = shallow(seed=1, size=size)
    x = images(4, 64)
    side = 64 // factor
    kept = x.numpy()[:, : side * factor, : side * factor]
    reduced = kept.reshape(2, side, factor, side, factor, 3).mean((2, 4))
    features, content = reducing.features(x)
    expected, _ = random_weights.features(tf.constant(reduced))
    for found, theirs in zip(features, expected, strict=True):
        np.testing.assert_allclose(found, theirs, rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(
        content, reducing.content(x), rtol=1e-5, atol=1e-3
    )


def test_unknown_layers_are_named():
    with pytest.raises(UserError, match="Received: block9_conv1") as caught:
        vgg19.Vgg19("random", ["block9_conv1"], "block4_conv1")
    assert "block5_conv4" in str(caught.value)


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
    values = broken.layers[1].get_weights()
    values[0][0, 0, 0, 0] = np.nan
    broken.layers[1].set_weights(values)
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
