"""The generator against Fig. 2 of the paper."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from migan_tf.models.generator import build_generator

# Fig. 2: side and filters of each level at 512×512.
ENCODER = [(256, 64), (128, 128), (64, 256), (32, 512), (16, 512), (8, 512)]
DECODER = [(16, 512), (32, 512), (64, 256), (128, 128), (256, 64)]
# Channels that each level of the decoder is given, and those of the last,
# 512×512×3: 768 = 256 + 512 at the centre, doubled after a skip connection.
DECODER_INPUTS = {
    "even": [768, 512, 512 + 512, 256, 128 + 128, 64],
    "all": [768, 512 + 512, 512 + 512, 256 + 256, 128 + 128, 64 + 64],
    "none": [768, 512, 512, 256, 128, 64],
}


def count(skip_connections):
    """Weights of Fig. 2: 4×4 kernels, four numbers a norm, two biases."""
    total, given = 0, 1
    for _, filters in ENCODER:
        total += 4 * 4 * given * filters + 4 * filters
        given = filters
    total += (400 + 1) * 8 * 8 * 256
    inputs = DECODER_INPUTS[skip_connections]
    for given, (_, filters) in zip(inputs, DECODER, strict=False):
        total += 4 * 4 * given * filters + 4 * filters
    return total + 4 * 4 * inputs[-1] * 3 + 3


@pytest.fixture(scope="module")
def paper():
    return build_generator()


def test_every_shape_of_fig_2(paper):
    def shape(name):
        return tuple(paper.get_layer(name).output.shape[1:])

    assert [tuple(i.shape[1:]) for i in paper.inputs] == [(512, 512, 1), (400,)]
    for level, (side, filters) in enumerate(ENCODER, start=1):
        assert shape(f"encoder{level}_act") == (side, side, filters)
    assert shape("code_map") == (8, 8, 256)
    assert shape("center") == (8, 8, 768)
    for level, (side, filters) in enumerate(DECODER, start=1):
        assert shape(f"decoder{level}_act") == (side, side, filters)
    assert tuple(paper.output.shape[1:]) == (512, 512, 3)


def test_parameters_of_the_paper(paper):
    assert paper.count_params() == count("even")
    # Moving mean and variance of each of 11 norms are not trained.
    filters = sum(f for _, f in ENCODER + DECODER)
    trained = sum(int(tf.size(v)) for v in paper.trainable_variables)
    assert trained == count("even") - 2 * filters


@pytest.mark.parametrize("skip_connections", ["all", "none"])
def test_parameters_of_other_skips(skip_connections):
    model = build_generator(skip_connections=skip_connections)
    assert model.count_params() == count(skip_connections)


def inputs(rng, size, noise_size=5):
    vessel_map = rng.random((2, size, size, 1)).astype("float32")
    return [vessel_map, rng.normal(size=(2, noise_size)).astype("float32")]


@pytest.mark.parametrize("size", [64, 192])
def test_other_sizes_run_and_stay_in_range(size):
    model = build_generator(size, noise_size=5, base_filters=2)
    out = model(inputs(np.random.default_rng(0), size)).numpy()
    assert out.shape == (2, size, size, 3) and out.dtype == np.float32
    assert np.abs(out).max() <= 1 and out.std() > 1e-3


def test_output_depends_on_map_and_noise():
    model = build_generator(64, noise_size=5, base_filters=2)
    vessel_map, noise = inputs(np.random.default_rng(0), 64)
    out = model([vessel_map, noise]).numpy()
    assert np.abs(model([vessel_map, noise + 1]) - out).max() > 1e-3
    assert np.abs(model([1 - vessel_map, noise]) - out).max() > 1e-3


def test_small_noise_stays_small_in_training():
    # σ = 0.001 against σ = 1: a norm behind the code would hide the difference.
    model = build_generator(64, noise_size=5, base_filters=2)
    vessel_map, noise = inputs(np.random.default_rng(0), 64)
    code = keras.Model(model.inputs, model.get_layer("code_map").output)
    large = code([vessel_map, noise], training=True)
    small = code([vessel_map, noise / 1000], training=True)
    np.testing.assert_allclose(small * 1000, large, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_output_is_float32_under_mixed_precision(policy):
    keras.config.set_dtype_policy(policy)
    model = build_generator(64, noise_size=5, base_filters=2)
    assert model.get_layer("encoder1").compute_dtype == policy[6:]
    assert model.output.dtype == "float32"
    assert all(v.dtype == "float32" for v in model.trainable_variables)
    assert model(inputs(np.random.default_rng(0), 64)).dtype == tf.float32


@pytest.mark.parametrize("size", [32, 500, 565])
def test_other_sizes_are_refused_in_words(size):
    with pytest.raises(ValueError, match=f"multiple of 64.*image_size={size}"):
        build_generator(size)


def test_antialias_filters_what_the_same_weights_paint():
    plain, filtered = (
        build_generator(64, noise_size=5, base_filters=2, antialias=antialias)
        for antialias in (False, True)
    )
    filtered.set_weights(plain.get_weights())
    given = inputs(np.random.default_rng(0), 64)
    raw, out = plain(given).numpy(), filtered(given).numpy()
    # By hand, inside: rows, then columns, by [1 2 1]/4.
    rows = (raw[:, :-2] + 2 * raw[:, 1:-1] + raw[:, 2:]) / 4
    both = (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4
    np.testing.assert_allclose(out[:, 1:-1, 1:-1], both, atol=1e-6)
    assert filtered.count_params() == plain.count_params()
    assert filtered.output.dtype == "float32"
