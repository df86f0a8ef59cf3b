"""The blocks of Fig. 2, on inputs small enough to run."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from migan_tf.models import layers


def build(side, skip_connections, base):
    """Encoder and decoder; gives the six levels and the decoder's output."""
    image = keras.Input((side, side, 1))
    levels = layers.encode(image, base)
    out = layers.decode(
        levels[-1], levels, base_filters=base, skip_connections=skip_connections
    )
    return keras.Model(image, [*levels, out])


# Counted from the centre (side / 64): level k is side / 64 * 2**k wide. On
# 512 pixels the levels are 16, 32, 64, 128 and 256 wide.
@pytest.mark.parametrize(
    ("skip_connections", "sides"),
    [("even", {32, 128}), ("all", {16, 32, 64, 128, 256}), ("none", set())],
)
def test_skip_connections_join_levels_of_one_size(skip_connections, sides):
    model = build(512, skip_connections, base=1)
    encoder_side = {
        id(layer.output): layer.output.shape[1]
        for layer in model.layers
        if layer.name.startswith("encoder") and layer.name.endswith("_act")
    }
    joined = set()
    for layer in model.layers:
        if isinstance(layer, keras.layers.Concatenate):
            decoded, encoded = layer.input
            assert decoded.shape == encoded.shape
            joined.add(encoder_side[id(encoded)])
    assert joined == sides


def test_decoder_without_skips_sees_the_centre_only():
    model = build(64, "none", base=2)
    image = tf.random.stateless_normal((1, 64, 64, 1), (0, 1))
    centre = model(image)[5]
    decoder = keras.Model(model.layers[18].output, model.outputs[-1])
    assert model.layers[18].name == "encoder6_act"
    np.testing.assert_allclose(decoder(centre), model(image)[-1], rtol=1e-5)


def numpy_down(x, kernel):
    """4×4 correlation of stride 2 over one ring of zeros: SAME padding."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    out = np.zeros((len(x), x.shape[1] // 2, x.shape[2] // 2, kernel.shape[3]))
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            window = padded[:, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4]
            out[:, i, j] = np.tensordot(window, kernel, 3)
    return out


def test_down_is_convolution_norm_and_leaky_relu():
    x = np.random.default_rng(0).normal(size=(3, 8, 8, 2)).astype("float32")
    image = keras.Input((8, 8, 2))
    model = keras.Model(image, layers.down(image, 5, "one"))
    kernel = model.get_layer("one").kernel.numpy().astype(np.float64)

    convolved = numpy_down(x, kernel)
    mean = convolved.mean((0, 1, 2))
    variance = convolved.var((0, 1, 2))
    normed = (convolved - mean) / np.sqrt(variance + 1e-3)
    expected = np.where(normed > 0, normed, 0.2 * normed)

    out = model(x, training=True)
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-5)
    # The moving mean starts at 0 and moves by a tenth.
    moving = model.get_layer("one_norm").moving_mean.numpy()
    np.testing.assert_allclose(moving, 0.1 * mean, rtol=1e-3, atol=1e-5)


def test_up_is_the_transpose_of_down():
    small = np.random.default_rng(1).normal(size=(1, 4, 4, 3))
    large = np.random.default_rng(2).normal(size=(1, 8, 8, 2))
    image = keras.Input((4, 4, 3))
    model = keras.Model(image, layers.up(image, 2, "one"))
    layer = model.get_layer("one")
    # <up(a), b> = <a, down(b)> for the same kernel (h, w, outer, inner).
    raised = layer(small.astype("float32")).numpy()
    lowered = numpy_down(large, layer.kernel.numpy().astype(np.float64))
    assert raised.shape == (1, 8, 8, 2)
    np.testing.assert_allclose(
        (raised * large).sum(), (small * lowered).sum(), rtol=1e-5
    )


@pytest.mark.parametrize("shape", [(2, 4, 4, 3), (1, 2, 2, 3)])
def test_batch_norm_is_keras_s_in_training_and_after(shape):
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(2, 3, shape), tf.float32)
    values = []
    for kind in (keras.layers.BatchNormalization, layers.BatchNormalization):
        norm = kind(momentum=0.9)
        norm.build(shape)
        norm.gamma.assign([1.0, 2.0, 3.0])
        norm.beta.assign([0.1, 0.2, 0.3])
        with tf.GradientTape() as tape:
            tape.watch(x)
            trained = norm(x, training=True)
            total = tf.reduce_sum(trained**3)
        gradients = tape.gradient(total, [x, norm.gamma.value, norm.beta.value])
        kept = [norm.moving_mean.value, norm.moving_variance.value]
        values.append([trained, *gradients, *kept, norm(x)])
    for theirs, ours in zip(*values, strict=True):
        error = np.abs(ours - theirs).max()
        assert error <= 1e-5 * max(1.0, np.abs(theirs).max())


@pytest.mark.parametrize("size", [0, -64, 65])
def test_sizes_that_do_not_divide_are_refused_in_words(size):
    with pytest.raises(ValueError, match=f"multiple of 64.*crop_size={size}"):
        layers.check_size("crop_size", size, 64)


def test_antialias_takes_the_grid_of_two_pixels_and_keeps_the_rest():
    """By hand: [1 2 1]/4 is cos²(ω/2), 0 at two pixels, 1/2 at four."""
    antialias = layers.Antialias()
    row, column = np.indices((16, 16)).astype("float32")
    grids = np.stack(
        [(-1) ** row, (-1) ** column, (-1) ** (row + column)], axis=-1
    )
    inside = antialias(grids[None]).numpy()[0, 1:-1, 1:-1]
    np.testing.assert_array_equal(inside, 0)
    four = np.cos(np.pi / 2 * row)[None, ..., None]
    np.testing.assert_allclose(
        antialias(four).numpy()[0, 1:-1], four[0, 1:-1] / 2, atol=1e-6
    )


def test_antialias_keeps_the_border():
    image = np.full((1, 5, 7, 3), -1, "float32")
    np.testing.assert_array_equal(layers.Antialias()(image).numpy(), image)
