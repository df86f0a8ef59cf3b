"""How each task feeds its network and its discriminator, and its objective."""

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.base.config import Config
from migan_tf.models import losses
from migan_tf.models.build import build_network
from migan_tf.training.tasks import Segmentation, Synthesis, make_task

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


def test_synthesis_on_a_batch(batch):
    config = Config(**SMALL)
    task = Synthesis(config)
    network = build_network(config, task.name)
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
    config = Config(**SMALL, soft_dice_weight=soft_dice_weight)
    task = Segmentation(config)
    network = build_network(config, task.name)
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
    config = Config(**SMALL)
    task = make_task(name, config)
    network = build_network(config, task.name)
    moving = network.get_layer("encoder1_norm").moving_mean
    task.forward(network, batch, training=False)
    assert not moving.numpy().any()
    task.forward(network, batch, training=True)
    assert moving.numpy().any()


def test_focal_loss_and_cldice_join_where_asked_for(batch):
    config = Config(**SMALL, focal_gamma=2.0, centreline_dice_weight=0.5)
    task = Segmentation(config)
    logits = task.forward(
        build_network(config, task.name), batch, training=False
    )
    terms = task.terms(batch, logits)
    vessel_map = batch["vessel_map"]
    expected = {
        "segmentation_loss": losses.segmentation_loss(vessel_map, logits, 2.0),
        "centreline_dice_loss": losses.centreline_dice_loss(vessel_map, logits),
    }
    assert terms.keys() == expected.keys()
    for name, value in expected.items():
        assert float(terms[name]) == pytest.approx(float(value), rel=1e-6)
    assert task.weights["centreline_dice_loss"] == 0.5
