"""VGG-19: the features of keras.applications, frozen and in float32."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from migan_tf.base.errors import UserError
from migan_tf.models import vgg19 as models_vgg19

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


def images(seed, size=32):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (2, size, size, 3)).astype(np.float32)


def reference(plain, x, names):
    """Features by the plain network on what the paper of VGG feeds it."""
    levels = (x[..., ::-1] + 1) * 127.5 - [103.939, 116.779, 123.68]
    outputs = [plain.get_layer(name).output for name in names]
    return keras.Model(plain.input, outputs)(tf.cast(levels, tf.float32))


def test_features_are_those_of_keras_applications(plain, weights_file):
    vgg19 = models_vgg19.Vgg19(str(weights_file), STYLE_LAYERS, "block4_conv1")
    x = images(0)
    features, content = vgg19.features(tf.constant(x))
    expected = reference(plain, x, STYLE_LAYERS)
    assert [f.shape for f in features] == [e.shape for e in expected]
    for ours, theirs in zip(features, expected, strict=True):
        scale = np.abs(theirs).max()
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * scale)
    np.testing.assert_array_equal(content, features[3])
    np.testing.assert_allclose(
        vgg19.content(tf.constant(x)), content, rtol=1e-5, atol=1e-6
    )
    assert not vgg19.random


def test_the_gradient_is_that_of_keras_applications(plain, weights_file):
    vgg19 = models_vgg19.Vgg19(str(weights_file), STYLE_LAYERS, "block4_conv1")
    x = tf.constant(images(1))

    def gradient(features):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.add_n([tf.reduce_sum(f**2) for f in features(x)])
        return tape.gradient(total, x).numpy()

    ours = gradient(lambda x: vgg19.features(x)[0])

    def theirs(x):
        levels = (x[..., ::-1] + 1) * 127.5 - [103.939, 116.779, 123.68]
        outputs = [plain.get_layer(name).output for name in STYLE_LAYERS]
        return keras.Model(plain.input, outputs)(levels)

    expected = gradient(theirs)
    scale = np.abs(expected).max()
    assert scale > 0
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-4 * scale)


def test_random_weights_are_of_the_seed():
    one, same, other = (
        models_vgg19.Vgg19(
            "random", STYLE_LAYERS[:2], content_layer="block2_conv1", seed=seed
        )
        for seed in (1, 1, 2)
    )
    x = tf.constant(images(2))
    np.testing.assert_array_equal(one.content(x), same.content(x))
    assert (one.content(x).numpy() != other.content(x).numpy()).any()
    assert one.random


def test_features_are_float32_under_any_policy():
    keras.config.set_dtype_policy("mixed_float16")
    vgg19 = models_vgg19.Vgg19("random", STYLE_LAYERS[:1], "block1_conv1")
    assert keras.config.dtype_policy().name == "mixed_float16"
    features, content = vgg19.features(tf.constant(images(3)))
    assert features[0].dtype == content.dtype == tf.float32


@pytest.mark.parametrize("level", [-1.0, 0.0, 1.0])
def test_flat_images_have_finite_features(level):
    vgg19 = models_vgg19.Vgg19("random", STYLE_LAYERS, "block4_conv1")
    features, _ = vgg19.features(tf.fill((1, 64, 64, 3), level))
    assert all(np.isfinite(f).all() for f in features)


def test_unknown_layers_are_named():
    with pytest.raises(UserError, match="Received: block9_conv1") as caught:
        models_vgg19.Vgg19("random", ["block9_conv1"], "block4_conv1")
    assert "block5_conv4" in str(caught.value)


@pytest.mark.parametrize("size, factor", [(0, 1), (64, 1), (32, 2), (21, 3)])
def test_large_images_are_averaged_first(size, factor):
    vgg19 = models_vgg19.Vgg19(
        "random",
        STYLE_LAYERS[:2],
        content_layer="block2_conv1",
        seed=0,
        size=size,
    )
    whole = models_vgg19.Vgg19(
        "random", STYLE_LAYERS[:2], content_layer="block2_conv1", seed=0
    )
    x = images(4, 64)
    side = 64 // factor
    kept = x[:, : side * factor, : side * factor]
    reduced = kept.reshape(2, side, factor, side, factor, 3).mean((2, 4))
    features, content = vgg19.features(tf.constant(x))
    expected, _ = whole.features(tf.constant(reduced, tf.float32))
    for ours, theirs in zip(features, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(content, vgg19.content(x), rtol=1e-5, atol=1e-3)
