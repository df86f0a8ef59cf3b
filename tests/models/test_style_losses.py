"""Equations 7 to 10 against NumPy in float64, and finite differences."""

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.models import style_losses

# Batch, height, width and channels all differ.
SHAPES = [(3, 4, 5, 2), (1, 6, 3, 7)]
both = pytest.mark.parametrize("reduction", style_losses.REDUCTIONS)


def drawn(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


# The equations by loops over positions and channels, for one image.
def eq7(features):
    height, width, channels = features.shape
    gram = np.zeros((channels, channels))
    for i in range(channels):
        for j in range(channels):
            for y in range(height):
                for x in range(width):
                    gram[i, j] += features[y, x, i] * features[y, x, j]
    return gram


def eq8(layers, targets, reduction):
    total = 0.0
    for features, style in zip(layers, targets, strict=True):
        height, width, channels = features.shape
        difference = eq7(style) - eq7(features)
        if reduction == "mean":
            difference = difference / (height * width * channels)
            total += 0.2 * np.linalg.norm(difference) ** 2
        elif reduction == "relative":
            size = np.linalg.norm(eq7(style))
            total += 0.2 * (np.linalg.norm(difference) / size) ** 2
        else:
            norm = np.linalg.norm(difference) ** 2
            total += 0.2 / (width * height) * norm
    return total


def eq9(features, painted, reduction):
    height, width, channels = features.shape
    norm = np.linalg.norm((features - painted).ravel()) ** 2
    if reduction == "relative":
        return norm / np.linalg.norm(features.ravel()) ** 2
    divisor = height * width * (channels if reduction == "mean" else 1)
    return norm / divisor


def eq10(image, reduction):
    height, width, channels = image.shape
    across = down = 0.0
    for y in range(height):
        for x in range(width):
            if x + 1 < width:
                across += np.sum((image[y, x + 1] - image[y, x]) ** 2)
            if y + 1 < height:
                down += np.sum((image[y + 1, x] - image[y, x]) ** 2)
    if reduction != "paper":
        across /= height * (width - 1) * channels
        down /= (height - 1) * width * channels
    return across + down


def f32(array):
    return tf.constant(array, tf.float32)


@both
@pytest.mark.parametrize("shape", SHAPES)
def test_gram_matrix(shape, reduction):
    features = drawn(0, *shape)
    ours = style_losses.gram_matrix(f32(features), reduction).numpy()
    expected = np.array([eq7(f) for f in features])
    if reduction != "paper":
        expected /= np.prod(shape[1:])
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)


@both
def test_style_loss(reduction):
    layers = [drawn(1, *SHAPES[0]), drawn(2, 3, 2, 4, 6)]
    style = [drawn(3, 1, *SHAPES[0][1:]), drawn(4, 1, 2, 4, 6)]
    grams = [style_losses.gram_matrix(f32(f), reduction) for f in style]
    ours = style_losses.style_loss(
        [f32(f) for f in layers], grams, block_weight=0.2, reduction=reduction
    )
    expected = np.mean(
        [
            eq8([f[n] for f in layers], [f[0] for f in style], reduction)
            for n in range(3)
        ]
    )
    assert float(ours) == pytest.approx(expected, rel=1e-5)


@both
@pytest.mark.parametrize("shape", SHAPES)
def test_content_loss(shape, reduction):
    a, b = drawn(5, *shape), drawn(6, *shape)
    ours = style_losses.content_loss(f32(a), f32(b), reduction)
    pairs = zip(a, b, strict=True)
    expected = np.mean([eq9(x, y, reduction) for x, y in pairs])
    assert float(ours) == pytest.approx(expected, rel=1e-5)


@both
@pytest.mark.parametrize("shape", [(3, 4, 5, 3), (1, 6, 2, 3)])
def test_total_variation_loss(shape, reduction):
    image = drawn(7, *shape)
    ours = style_losses.total_variation_loss(f32(image), reduction)
    expected = np.mean([eq10(x, reduction) for x in image])
    assert float(ours) == pytest.approx(expected, rel=1e-5)


@both
def test_a_flat_image_has_no_variation(reduction):
    flat = tf.fill((1, 8, 8, 3), 0.7)
    assert float(style_losses.total_variation_loss(flat, reduction)) == 0


@both
@pytest.mark.parametrize("name", ["style", "content", "total_variation"])
def test_gradients_are_finite_differences(name, reduction):
    start, other = drawn(8, 2, 4, 3, 3), drawn(9, 2, 4, 3, 3)
    gram = style_losses.gram_matrix(f32(other[:1]), reduction)

    def loss(x):
        if name == "style":
            return style_losses.style_loss(
                [x], [gram], block_weight=0.2, reduction=reduction
            )
        if name == "content":
            return style_losses.content_loss(f32(other), x, reduction)
        return style_losses.total_variation_loss(x, reduction)

    direction = drawn(10, 2, 4, 3, 3)
    x = tf.Variable(f32(start))
    with tf.GradientTape() as tape:
        value = loss(x)
    slope = np.sum(tape.gradient(value, x).numpy() * direction)
    step = 1e-2
    ahead = float(loss(f32(start + step * direction)))
    behind = float(loss(f32(start - step * direction)))
    assert (ahead - behind) / (2 * step) == pytest.approx(slope, rel=5e-3)


@pytest.mark.parametrize("value", [0.0, 300.0])
def test_float16_features_do_not_overflow(value):
    features = tf.fill((1, 64, 64, 8), tf.constant(value, tf.float16))
    target = tf.zeros((1, 8, 8))
    for reduction in style_losses.REDUCTIONS:
        loss = style_losses.style_loss(
            [features], [target], block_weight=0.2, reduction=reduction
        )
        assert loss.dtype == tf.float32 and np.isfinite(loss)
    # Every entry of the mean Gram matrix is value² / 8.
    gram = style_losses.gram_matrix(features)
    np.testing.assert_allclose(gram, np.full((1, 8, 8), value**2 / 8), 1e-5)


def test_a_share_does_not_depend_on_the_scale_of_the_features():
    a, b = f32(drawn(11, 2, 4, 5, 3)), f32(drawn(12, 2, 4, 5, 3))

    def losses(scale):
        gram = style_losses.gram_matrix(scale * b[:1], "relative")
        style = style_losses.style_loss(
            [scale * a], [gram], block_weight=0.2, reduction="relative"
        )
        content = style_losses.content_loss(scale * b, scale * a, "relative")
        return float(style), float(content)

    assert losses(300.0) == pytest.approx(losses(1.0), rel=1e-4)
    # Twice the features are four times the Gram matrix: (4 - 1)² in Eq. 8.
    gram = style_losses.gram_matrix(a[:1], "relative")
    assert float(
        style_losses.style_loss(
            [2 * a[:1]], [gram], block_weight=1.0, reduction="relative"
        )
    ) == pytest.approx(9.0, rel=1e-5)


def test_an_unknown_reduction_is_named():
    x = tf.zeros((1, 2, 2, 3))
    for call in (style_losses.gram_matrix, style_losses.total_variation_loss):
        with pytest.raises(ValueError, match="reduction='sum'"):
            call(x, "sum")
    with pytest.raises(ValueError, match="reduction='sum'"):
        style_losses.content_loss(x, x, "sum")
