"""What a run begins with: seeded networks, optimizers and averaged weights."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from migan_tf.training.checkpoint import Checkpoints
from migan_tf.training.state import WeightAverage
from tests.small_training import CONFIG, make, make_batch, moved, weights_of


def test_equal_seeds_make_equal_networks():
    one, other, third = (make("synthesis", seed=s)[0] for s in (1, 1, 2))
    for a, b in zip(
        weights_of(one.network), weights_of(other.network), strict=True
    ):
        np.testing.assert_array_equal(a, b)
    assert max(moved(weights_of(one.network), third.network)) > 0


def test_cosine_ends_at_zero_after_the_warm_up():
    state, _, (network_step, _) = make(
        "segmentation",
        discriminator="none",
        learning_rate_schedule="cosine",
        warmup_steps=2,
        segmentation_steps=4,
        generator_steps=1,
    )
    rates = []
    for _ in range(4):
        rates.append(float(state.network_optimizer.learning_rate))
        network_step(make_batch())
    rates.append(float(state.network_optimizer.learning_rate))
    # Linear over two steps, then half a cosine over two: 1, 1/2, 0.
    expected = np.array([0.0, 0.5, 1.0, 0.5, 0.0]) * CONFIG.learning_rate
    np.testing.assert_allclose(rates, expected, atol=1e-9)


def test_the_discriminator_may_learn_at_a_rate_of_its_own():
    for asked, expected in ((0.0, CONFIG.learning_rate), (3e-5, 3e-5)):
        state, _, _ = make("synthesis", discriminator_learning_rate=asked)
        rate = float(state.discriminator_optimizer.learning_rate)
        np.testing.assert_allclose(rate, expected, rtol=1e-6)
        rate = float(state.network_optimizer.learning_rate)
        np.testing.assert_allclose(rate, CONFIG.learning_rate, rtol=1e-6)


def network(value=0.0):
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(3), keras.layers.Dropout(0.5)]
    )
    model.set_weights([np.full(w.shape, value) for w in model.weights])
    return model


def test_it_begins_at_the_followed_weights():
    followed = network(3.0)
    average = WeightAverage(network(), followed, 0.9)
    for weight in average.network.weights:
        np.testing.assert_array_equal(weight, 3.0)
    assert average.variables == average.network.variables


@pytest.mark.parametrize("decay", [0.3, 0.999])
def test_updates_follow_the_recursion(decay):
    followed = network()
    average = WeightAverage(network(), followed, decay)
    expected, strategy = 0.0, tf.distribute.get_strategy()
    for n, value in enumerate([1.0, -2.0, 5.0, 0.5], start=1):
        followed.set_weights(
            [np.full(w.shape, value) for w in followed.weights]
        )
        average.update(strategy, tf.constant(n, tf.int64))
        kept = min(decay, (1 + n) / (10 + n))
        expected = kept * expected + (1 - kept) * value
        for weight in average.network.weights:
            np.testing.assert_allclose(weight, expected, rtol=1e-6)


@pytest.mark.slow
def test_the_average_of_a_run_is_what_is_kept_and_saved(tmp_path):
    state, _, steps = make("segmentation", average_decay=0.99)
    kept = state.kept_network()
    assert kept is state.average.network and kept is not state.network
    first = [w.numpy() for w in state.network.weights]
    moved = []
    for n in (1, 2):
        steps[0](make_batch(n))
        moved.append([w.numpy() for w in state.network.weights])
    for one, a, b, c in zip(kept.weights, first, *moved, strict=True):
        expected = 2 / 11 * a + 9 / 11 * b
        expected = 3 / 12 * expected + 9 / 12 * c
        np.testing.assert_allclose(one, expected, rtol=1e-4, atol=1e-6)
    assert any((a != b).any() for a, b in zip(first, moved[0], strict=True))

    state.step.assign(2)
    Checkpoints(tmp_path, state, 1).save()
    other, *_ = make("segmentation", average_decay=0.99, seed=5)
    assert Checkpoints(tmp_path, other, 1).restore() == 2
    for a, b in zip(kept.weights, other.average.network.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_without_a_decay_the_network_itself_is_kept():
    state, *_ = make("segmentation")
    assert state.kept_network() is state.network
    assert "average" not in state.holders()
