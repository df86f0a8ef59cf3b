"""Features against averages that are taken by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from migan_tf.evaluation import features
from migan_tf.inference import model_folder
from migan_tf.models.segmenter import build_segmenter


@pytest.mark.parametrize(
    "name, layer, cells",
    [("unet", "bottomb_act", 16), ("migan", "encoder6_act", 1)],
)
def test_the_deepest_layer_of_each_segmenter(name, layer, cells):
    network = build_segmenter(name, 64, base_filters=2, depth=2)
    assert features.deepest_layer(network) == layer
    sizes = [
        each.output.shape[1]
        for each in network.layers
        if len(each.output.shape) == 4
    ]
    assert network.get_layer(layer).output.shape[1] == cells == min(sizes)


def test_a_network_of_another_kind_is_refused():
    image = keras.Input((8, 8, 3))
    other = keras.Model(image, keras.layers.ReLU()(image))
    with pytest.raises(ValueError, match="segmenter.build_segmenter"):
        features.deepest_layer(other)


def test_segmenter_features_average_the_bottleneck_over_the_fov():
    network = build_segmenter("unet", None, base_filters=2, depth=2)
    extractor = features.SegmenterFeatures(network)
    assert extractor.name == "segmenter bottleneck (bottomb_act)"
    rng = np.random.default_rng(1)
    fundus = rng.uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)
    fov_mask = np.zeros((2, 64, 64, 1), np.float32)
    fov_mask[:, :, :32] = 1
    found = extractor(fundus, fov_mask)
    assert found.shape == (2, 8) and found.dtype == np.float32

    inside = fundus[:, :, :32]
    mean = inside.mean(axis=(1, 2), keepdims=True)
    stddev = inside.std(axis=(1, 2), keepdims=True)
    standardized = (fundus - mean) / stddev * fov_mask
    output = network.get_layer("bottomb_act").output
    bottom = keras.Model(network.input, output)(standardized, training=False)
    expected = bottom.numpy()[:, :, :8].mean(axis=(1, 2))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    # What lies outside the FOV does not count.
    changed = np.where(fov_mask, fundus, 0.3)
    np.testing.assert_array_equal(extractor(changed, fov_mask), found)


@pytest.mark.slow
def test_a_saved_models_bottleneck_is_its_runs(served, tiny_run):
    found = []
    for path in (served["segmentation"], tiny_run / "segmentation"):
        folder = model_folder.open_folder(path, "segmentation")
        extractor = features.SegmenterFeatures.of(folder)
        assert extractor.name == "segmenter bottleneck (bottomb_act)"
        fundus = np.random.default_rng(3).uniform(-1, 1, (2, 64, 64, 3))
        fov_mask = np.ones((2, 64, 64, 1), np.float32)
        found.append(extractor(fundus.astype(np.float32), fov_mask))
    np.testing.assert_allclose(*found, rtol=1e-4, atol=1e-5)


def test_an_exported_network_of_another_kind_is_refused():
    other = tf.Module()
    other.network = tf.function(
        tf.nn.relu, input_signature=[tf.TensorSpec((None, 4, 4, 3))]
    )
    concrete = other.network.get_concrete_function()
    other.network.concrete_functions = [concrete]
    with pytest.raises(ValueError, match="a segmenter of this program"):
        features.SegmenterFeatures(other.network)


def given_model(as_list):
    image = keras.Input((8, 8, 3))
    pooled = keras.layers.AveragePooling2D(4)(image)
    return keras.Model(image, [image * 0, pooled] if as_list else pooled)


@pytest.mark.parametrize("as_list", [True, False])
def test_a_given_models_last_output_is_averaged(as_list):
    extractor = features.Vgg19Features(given_model(as_list))
    assert extractor.name == "VGG-19"
    fundus = np.random.default_rng(2).uniform(-1, 1, (2, 8, 8, 3))
    found = extractor(fundus, np.ones((2, 8, 8, 1), bool))
    np.testing.assert_allclose(found, fundus.mean(axis=(1, 2)), atol=1e-6)


def test_a_cell_counts_by_its_share_of_the_fov():
    feature_map = tf.constant([[[[8.0], [2.0]]]])
    fov_mask = np.zeros((1, 2, 4, 1), np.float32)
    fov_mask[0, :, 1:] = 1  # Half of the left cell, all of the right one.
    found = features.fov_average(feature_map, tf.constant(fov_mask))
    assert found.numpy().tolist() == [[pytest.approx((8 * 0.5 + 2) / 1.5)]]
    nothing = features.fov_average(feature_map, tf.zeros((1, 2, 4, 1)))
    assert nothing.numpy().tolist() == [[0]]
