"""The networks are built as the settings of a run say."""

import pytest

from migan_tf.base.config import Config
from migan_tf.models.build import build_network
from migan_tf.models.segmenter import build_segmenter

SMALL = dict(image_size=64, base_filters=2, segmenter_filters=2, noise_size=5)


@pytest.mark.parametrize("name", ["synthesis", "segmentation"])
def test_networks_follow_the_flags(name):
    network = build_network(Config(**SMALL), name)
    wide = {**SMALL, "base_filters": 4, "segmenter_filters": 4}
    wider = build_network(Config(**wide), name)
    assert network.get_layer("encoder1").output.shape[-1] == 2
    assert wider.get_layer("encoder1").output.shape[-1] == 4
    plain = build_network(Config(**SMALL, skip_connections="none"), name)
    names = {layer.name for layer in plain.layers}
    assert not {n for n in names if n.startswith("skip")}
    smooth = build_network(Config(**SMALL, antialias=True), name)
    names = {layer.name for layer in smooth.layers}
    assert ("antialias" in names) == (name == "synthesis")
    many = build_network(Config(**SMALL), name, synchronized=True)
    assert many.get_layer("encoder1_norm").synchronized


def test_synthesis_input_sizes():
    network = build_network(Config(**SMALL), "synthesis")
    assert [i.shape for i in network.inputs] == [(None, 64, 64, 1), (None, 5)]


def test_segmentation_takes_crops_and_wholes():
    settings = Config(**SMALL, segmenter="unet", unet_depth=2)
    network = build_network(settings, "segmentation")
    assert network.input.shape == (None, None, None, 3)
    names = {layer.name for layer in network.layers}
    assert "pool1" in names and "pool2" not in names


def test_the_unets_flags_reach_it():
    config = Config(
        segmenter="unet",
        segmenter_filters=8,
        unet_depth=2,
        unet_stride=2,
        unet_cascade=3,
        unet_normalization="group",
    )
    found = build_network(config, "segmentation")
    expected = build_segmenter(
        "unet",
        None,
        base_filters=8,
        depth=2,
        stride=2,
        cascade=3,
        normalization="group",
    )
    assert [layer.name for layer in found.layers] == [
        layer.name for layer in expected.layers
    ]
    assert [w.shape for w in found.weights] == [
        w.shape for w in expected.weights
    ]
