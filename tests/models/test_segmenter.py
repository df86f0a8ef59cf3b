"""The segmenters: the paper's network without noise, and the U-Net."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from migan_tf.models.segmenter import build_segmenter


def migan_count():
    """Fig. 2 without the code: 3 channels in, one out, even skips."""
    total = 4 * 4 * 64 * 1 + 1
    for given, filters in (
        # encoder
        (3, 64), (64, 128), (128, 256), (256, 512), (512, 512), (512, 512),
        # decoder: 8² -> 16², 32², 64² after a skip, 128², 256² after a skip
        (512, 512), (512, 512), (512 + 512, 256), (256, 128), (128 + 128, 64),
    ):  # fmt: skip
        total += 4 * 4 * given * filters + 4 * filters
    return total


def unet_count(base, depth):
    """Ronneberger's U-Net with a norm after each 3×3 convolution."""

    def double(given, filters):
        first = 9 * given * filters + 4 * filters
        return first + 9 * filters * filters + 4 * filters

    widths = [base * 2**level for level in range(depth + 1)]
    total, given = base + 1, 3
    for filters in widths:
        total += double(given, filters)
        given = filters
    for filters in widths[:-1]:
        total += 2 * 2 * (2 * filters) * filters + filters
        total += double(2 * filters, filters)
    return total


def test_migan_has_the_shapes_of_fig_2():
    model = build_segmenter("migan", 512)
    outputs = {layer.name: layer.output.shape for layer in model.layers}
    sides = [(512 >> n, 64 * m) for n, m in enumerate((1, 2, 4, 8, 8, 8), 1)]
    for level, (side, filters) in enumerate(sides, start=1):
        assert outputs[f"encoder{level}_act"] == (None, side, side, filters)
    for level, (side, filters) in enumerate(sides[-2::-1], start=1):
        assert outputs[f"decoder{level}_act"] == (None, side, side, filters)
    assert outputs["skip2"][1:] == (32, 32, 1024)
    assert outputs["skip4"][1:] == (128, 128, 256)
    assert "center" not in outputs and "code" not in outputs
    assert model.output.shape == (None, 512, 512, 1)
    assert model.count_params() == migan_count()


def test_unet_parameters():
    # 484,145: added up by hand from the same rule, for base 16 and depth 3.
    assert unet_count(16, 3) == 484_145
    model = build_segmenter("unet", base_filters=16, depth=3)
    assert model.count_params() == 484_145
    model = build_segmenter("unet", base_filters=4, depth=2)
    assert model.count_params() == unet_count(4, 2)


def test_unet_shapes_and_joins():
    model = build_segmenter("unet", 64, base_filters=4, depth=3)
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    assert shapes["bottomb_act"] == (8, 8, 32)
    for level, (side, filters) in enumerate([(64, 4), (32, 8), (16, 16)]):
        assert shapes[f"down{level}b_act"] == (side, side, filters)
        assert shapes[f"skip{level}"] == (side, side, 2 * filters)
        joined = model.get_layer(f"skip{level}").input[1]
        assert joined is model.get_layer(f"down{level}b_act").output
    kinds = [type(layer) for layer in model.layers]
    assert kinds.count(keras.layers.MaxPooling2D) == 3


@pytest.mark.parametrize(
    ("name", "size"), [("migan", (64, 128)), ("unet", (16, 40))]
)
def test_any_size_that_divides_runs(name, size):
    model = build_segmenter(name, base_filters=2, depth=3)
    fundus = np.random.default_rng(0).normal(size=(2, *size, 3))
    logits = model(fundus.astype("float32")).numpy()
    assert logits.shape == (2, *size, 1) and logits.dtype == np.float32
    # Logits, not probabilities: untrained ones lie on both sides of 0.
    assert logits.min() < 0 < logits.max()


@pytest.mark.parametrize("name", ["migan", "unet"])
def test_logits_are_float32_under_mixed_precision(name):
    keras.config.set_dtype_policy("mixed_float16")
    model = build_segmenter(name, 64, base_filters=2, depth=2)
    assert model.get_layer("output").compute_dtype == "float16"
    assert model(tf.zeros((1, 64, 64, 3))).dtype == tf.float32


@pytest.mark.parametrize("name", ["migan", "unet"])
def test_synchronized_reaches_every_norm(name):
    model = build_segmenter(name, 64, 1, depth=2, synchronized=True)
    norms = [
        layer.synchronized
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert len(norms) == {"migan": 11, "unet": 10}[name] and all(norms)


@pytest.mark.parametrize(
    ("name", "depth", "size", "stride"),
    [("migan", 4, 96, 64), ("unet", 3, 60, 8), ("unet", 5, 48, 32)],
)
def test_indivisible_sizes_are_refused(name, depth, size, stride):
    expected = f"multiple of {stride},.*image_size={size}"
    with pytest.raises(ValueError, match=expected):
        build_segmenter(name, size, depth=depth)


def test_unknown_name_is_refused():
    with pytest.raises(ValueError, match="'migan' or 'unet'.*'vgan'"):
        build_segmenter("vgan")


def test_a_strided_unet_folds_pixels_into_channels():
    model = build_segmenter("unet", 64, base_filters=4, depth=2, stride=2)
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    assert shapes["down0a_act"] == shapes["merge0b_act"] == (32, 32, 4)
    assert shapes["bottomb_act"] == (8, 8, 16)
    assert model.output.shape == (None, 64, 64, 1)
    # 6×6 in place of 3×3 on three channels; four output pixels from each.
    expected = unet_count(4, 2) + (36 - 9) * 3 * 4 + 3 * 4
    assert model.count_params() == expected


def test_the_strided_convolution_is_one_of_folded_pixels():
    model = build_segmenter("unet", 16, base_filters=4, depth=2, stride=2)
    fundus = tf.random.stateless_normal((2, 16, 16, 3), (0, 1))
    first = model.get_layer("down0a")
    # 6×6 taps of 3 channels are 3×3 taps of 2×2×3 channels.
    kernel = tf.reshape(first.kernel, (3, 2, 3, 2, 3, 4))
    kernel = tf.reshape(tf.transpose(kernel, (0, 2, 1, 3, 4, 5)), (3, 3, 12, 4))
    folded = tf.nn.space_to_depth(fundus, 2)
    expected = tf.nn.conv2d(folded, kernel, strides=1, padding="SAME")
    np.testing.assert_allclose(first(fundus), expected, atol=1e-5)


def test_a_cascade_sees_the_photograph_and_the_last_logits():
    model = build_segmenter("unet", 32, base_filters=4, depth=2, cascade=2)
    joined = model.get_layer("unet1_joined")
    assert joined.input[0] is model.input
    assert joined.input[1] is model.get_layer("unet1_output").output
    assert joined.output.shape == (None, 32, 32, 4)
    # The second's first convolution has a channel more.
    assert model.count_params() == 2 * unet_count(4, 2) + 9 * 4


def test_group_norm_takes_the_place_of_every_batch_norm():
    model = build_segmenter("unet", 32, 12, depth=2, normalization="group")
    kinds = [type(layer) for layer in model.layers]
    assert keras.layers.BatchNormalization not in kinds
    assert kinds.count(keras.layers.GroupNormalization) == 10
    # Up to 8 channels a group, all groups alike: 12 = 3 · 4, 24 = 3 · 8.
    assert model.get_layer("down0a_norm").groups == 3
    assert model.get_layer("down1a_norm").groups == 3
    fundus = tf.random.stateless_normal((2, 32, 32, 3), (0, 1))
    alone = model(fundus[:1], training=True)
    beside = model(fundus, training=True)[:1]
    np.testing.assert_allclose(alone, beside, atol=1e-4)
