"""The discriminators against Fig. 3 and Table 1 of the paper."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from migan_tf.models.discriminator import build_discriminator

# Fig. 3: side and filters after each convolution at 512×512.
IMAGE = [(256, 32), (128, 64), (64, 128), (32, 256), (16, 512)]


def count(filters, kernel, head):
    """4 channels in (fundus and vessel map), norms of four numbers each."""
    total = 0
    for given, made in zip([4, *filters], filters, strict=False):
        total += kernel * kernel * given * made + 4 * made
    return total + head


def test_image_has_the_shapes_of_fig_3():
    model = build_discriminator()
    assert [i.shape[1:] for i in model.inputs] == [(512, 512, 3), (512, 512, 1)]
    assert model.get_layer("pair").output.shape[1:] == (512, 512, 4)
    for level, (side, filters) in enumerate(IMAGE, start=1):
        output = model.get_layer(f"conv{level}_act").output
        assert output.shape[1:] == (side, side, filters)
    assert model.output.shape == (None, 1)
    head = 16 * 16 * 512 + 1
    assert model.count_params() == count([f for _, f in IMAGE], 4, head)


@pytest.mark.parametrize(
    ("kind", "filters", "kernel"),
    [
        ("pixel", [32, 64, 128], 1),
        ("patch80", [32, 64, 128], 4),
        ("patch10", [32, 64, 128, 256, 512, 512], 4),
    ],
)
def test_parameters_of_the_smaller_ones(kind, filters, kernel):
    model = build_discriminator(kind)
    assert model.count_params() == count(filters, kernel, filters[-1] + 1)


# Table 1 calls the patches 10×10 and 80×80: the grids on 640 pixels.
@pytest.mark.parametrize(
    ("kind", "image_size", "grid"),
    [
        ("patch10", 640, (10, 10, 1)),
        ("patch10", 512, (8, 8, 1)),
        ("patch80", 640, (80, 80, 1)),
        ("patch80", 512, (64, 64, 1)),
        ("pixel", 640, (640, 640, 1)),
        ("pixel", 77, (77, 77, 1)),
        ("image", 640, (1,)),
        ("image", 32, (1,)),
    ],
)
def test_output_grids(kind, image_size, grid):
    model = build_discriminator(kind, image_size, base_filters=2)
    assert model.output.shape[1:] == grid


def random_pair(size, batch=2):
    rng = np.random.default_rng(0)
    fundus = rng.uniform(-1, 1, (batch, size, size, 3)).astype("float32")
    return fundus, rng.random((batch, size, size, 1)).astype("float32")


@pytest.mark.parametrize("kind", ["image", "pixel", "patch10", "patch80"])
def test_judges_the_pair(kind):
    model = build_discriminator(kind, 64, base_filters=4)
    fundus, vessel_map = random_pair(64)
    logits = model([fundus, vessel_map]).numpy()
    other_fundus = model([fundus[::-1], vessel_map]).numpy()
    other_map = model([fundus, vessel_map[::-1]]).numpy()
    assert not np.allclose(logits, other_fundus, atol=1e-4)
    assert not np.allclose(logits, other_map, atol=1e-4)


def test_pixel_looks_at_single_pixels():
    model = build_discriminator("pixel", 16, base_filters=4)
    fundus, vessel_map = random_pair(16)
    before = model([fundus, vessel_map]).numpy()
    fundus[0, 3, 5] *= -1
    changed = np.argwhere(model([fundus, vessel_map]).numpy() != before)
    assert changed.tolist() == [[0, 3, 5, 0]]


@pytest.mark.parametrize("kind", ["image", "pixel", "patch10", "patch80"])
def test_logits_are_float32_under_mixed_precision(kind):
    keras.config.set_dtype_policy("mixed_float16")
    model = build_discriminator(kind, 64, base_filters=2)
    assert model.get_layer("output").compute_dtype == "float16"
    assert model([*random_pair(64)]).dtype == tf.float32


def test_synchronized_reaches_every_norm():
    for kind, number in (("image", 5), ("pixel", 3)):
        model = build_discriminator(kind, 64, 1, synchronized=True)
        norms = [
            layer.synchronized
            for layer in model.layers
            if isinstance(layer, keras.layers.BatchNormalization)
        ]
        assert len(norms) == number and all(norms)


@pytest.mark.parametrize(
    ("kind", "stride", "size"),
    [("image", 32, 500), ("patch10", 64, 96), ("patch80", 8, 100)],
)
def test_indivisible_sizes_are_refused(kind, stride, size):
    expected = f"multiple of {stride},.*image_size={size}"
    with pytest.raises(ValueError, match=expected):
        build_discriminator(kind, size)


@pytest.mark.parametrize("kind", ["none", "patch", ""])
def test_unknown_kinds_are_refused(kind):
    with pytest.raises(ValueError, match=f"must be one of.*kind='{kind}'"):
        build_discriminator(kind)
