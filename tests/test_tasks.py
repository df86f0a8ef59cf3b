"""How each task feeds its network and its discriminator, and its objective."""

import numpy as np
import pytest
import tensorflow as tf

from migan_tf import losses
from migan_tf.centerline_loss import centerline_dice_loss
from migan_tf.config import Config
from migan_tf.segmenter import build_segmenter
from migan_tf.tasks import Segmentation, Synthesis, make_task

SMALL = dict(image_size=64, base_filters=2, segmenter_filters=2, noise_size=5)


@pytest.fixture(scope="module")
def batch():
    rng = np.random.default_rng(0)

    def plane(low, high, channels):
        drawn = rng.uniform(low, high, (2, 64, 64, channels))
        return tf.constant(drawn, tf.float32)

    return {
        "fundus": plane(-1, 1, 3),
        "standardized_fundus": plane(-2, 2, 3),
        "vessel_map": plane(0, 1, 1),
        "fov_mask": tf.ones((2, 64, 64, 1)),
        "noise": tf.constant(rng.normal(size=(2, 5)), tf.float32),
    }


def test_names():
    assert isinstance(make_task("synthesis", Config()), Synthesis)
    assert isinstance(make_task("segmentation", Config()), Segmentation)
    assert (Synthesis.name, Segmentation.name) == ("synthesis", "segmentation")


def test_weights_are_the_papers():
    assert Synthesis(Config()).weights == {
        "adversarial_loss": 1.0,
        "deviation_loss": 10.0,
    }
    assert Segmentation(Config()).weights == {
        "adversarial_loss": 1.0,
        "segmentation_loss": 10.0,
    }
    own = Segmentation(Config(soft_dice_weight=3.0, adversarial_weight=0.5))
    assert own.weights == {
        "adversarial_loss": 0.5,
        "segmentation_loss": 10.0,
        "soft_dice_loss": 3.0,
    }


@pytest.mark.parametrize("name", ["synthesis", "segmentation"])
def test_networks_follow_the_flags(name):
    task = make_task(name, Config(**SMALL))
    network = task.build_network()
    wider = make_task(
        name, Config(**{**SMALL, "base_filters": 4, "segmenter_filters": 4})
    ).build_network()
    assert network.get_layer("encoder1").output.shape[-1] == 2
    assert wider.get_layer("encoder1").output.shape[-1] == 4
    plain = make_task(name, Config(**SMALL, skip_connections="none"))
    names = {layer.name for layer in plain.build_network().layers}
    assert not {n for n in names if n.startswith("skip")}
    smooth = make_task(name, Config(**SMALL, antialias=True)).build_network()
    names = {layer.name for layer in smooth.layers}
    assert ("antialias" in names) == (name == "synthesis")
    norm = task.build_network(synchronized=True).get_layer("encoder1_norm")
    assert norm.synchronized


def test_synthesis_input_sizes():
    network = Synthesis(Config(**SMALL)).build_network()
    assert [i.shape for i in network.inputs] == [(None, 64, 64, 1), (None, 5)]


def test_segmentation_takes_crops_and_wholes():
    settings = Config(**SMALL, segmenter="unet", unet_depth=2)
    network = Segmentation(settings).build_network()
    assert network.input.shape == (None, None, None, 3)
    names = {layer.name for layer in network.layers}
    assert "pool1" in names and "pool2" not in names


def test_synthesis_on_a_batch(batch):
    task = Synthesis(Config(**SMALL))
    network = task.build_network()
    fake_fundus = task.forward(network, batch, training=False)
    expected = network([batch["vessel_map"], batch["noise"]], training=False)
    np.testing.assert_array_equal(fake_fundus, expected)
    # Eq. 1: D(G(y,z), y), the made photograph with its own vessel map.
    fundus, vessel_map = task.fake_pair(batch, fake_fundus)
    assert fundus is fake_fundus and vessel_map is batch["vessel_map"]

    terms = task.terms(batch, fake_fundus)
    l1 = np.abs(batch["fundus"].numpy() - fake_fundus.numpy()).mean()
    assert terms.keys() == {"deviation_loss"}
    assert float(terms["deviation_loss"]) == pytest.approx(l1, rel=1e-5)
    # Eq. 3.
    terms["adversarial_loss"] = tf.constant(0.6)
    total = float(losses.objective(terms, task.weights))
    assert total == pytest.approx(0.6 + 10 * l1, rel=1e-5)


@pytest.mark.parametrize("soft_dice_weight", [0.0, 2.0])
def test_segmentation_on_a_batch(batch, soft_dice_weight):
    task = Segmentation(Config(**SMALL, soft_dice_weight=soft_dice_weight))
    network = task.build_network()
    logits = task.forward(network, batch, training=False)
    expected = network(batch["standardized_fundus"], training=False)
    np.testing.assert_array_equal(logits, expected)

    # D sees probabilities beside the photograph, not logits or z-scores.
    p = 1 / (1 + np.exp(-logits.numpy().astype(np.float64)))
    fundus, vessel_map = task.fake_pair(batch, logits)
    assert fundus is batch["fundus"]
    np.testing.assert_allclose(vessel_map, p, rtol=1e-5)

    y = batch["vessel_map"].numpy()
    entropy = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    total = 0.6 + 10 * entropy
    if soft_dice_weight:
        axes = (1, 2, 3)
        overlap, size = (y * p).sum(axes), y.sum(axes) + p.sum(axes)
        total += 2 * (1 - (2 * overlap + 1) / (size + 1)).mean()
    # Eq. 6, with soft Dice where asked for.
    terms = task.terms(batch, logits)
    assert ("soft_dice_loss" in terms) == bool(soft_dice_weight)
    terms["adversarial_loss"] = tf.constant(0.6)
    found = float(losses.objective(terms, task.weights))
    assert found == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize("name", ["synthesis", "segmentation"])
def test_training_mode_moves_the_statistics(batch, name):
    task = make_task(name, Config(**SMALL))
    network = task.build_network()
    moving = network.get_layer("encoder1_norm").moving_mean
    task.forward(network, batch, training=False)
    assert not moving.numpy().any()
    task.forward(network, batch, training=True)
    assert moving.numpy().any()


def test_focal_loss_and_cldice_join_where_asked_for(batch):
    config = Config(**SMALL, focal_gamma=2.0, centerline_dice_weight=0.5)
    task = Segmentation(config)
    logits = task.forward(task.build_network(), batch, training=False)
    terms = task.terms(batch, logits)
    vessel_map = batch["vessel_map"]
    expected = {
        "segmentation_loss": losses.segmentation_loss(vessel_map, logits, 2.0),
        "centerline_dice_loss": centerline_dice_loss(vessel_map, logits),
    }
    assert terms.keys() == expected.keys()
    for name, value in expected.items():
        assert float(terms[name]) == pytest.approx(float(value), rel=1e-6)
    assert task.weights["centerline_dice_loss"] == 0.5


def test_the_unets_flags_reach_it():
    config = Config(
        segmenter="unet",
        segmenter_filters=8,
        unet_depth=2,
        unet_stride=2,
        unet_cascade=3,
        unet_normalization="group",
    )
    found = Segmentation(config).build_network()
    expected = build_segmenter(
        "unet", None, 8, 2, stride=2, cascade=3, normalization="group"
    )
    assert [layer.name for layer in found.layers] == [
        layer.name for layer in expected.layers
    ]
    assert [w.shape for w in found.weights] == [
        w.shape for w in expected.weights
    ]
