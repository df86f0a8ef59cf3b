"""One update: who moves, by how much, and under which policy."""

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.models import losses
from tests.small_training import make, make_batch, moved, weights_of


@pytest.mark.slow
@pytest.mark.parametrize("name", ["segmentation", "synthesis"])
def test_each_step_moves_its_own_network_only(name):
    rate = 3e-3
    state, _, steps = make(name, learning_rate=rate)
    networks = [state.network, state.discriminator]
    for mine, other, step in (
        (networks[0], networks[1], steps[0]),
        (networks[1], networks[0], steps[1]),
    ):
        before, others = weights_of(mine), weights_of(other)
        step(make_batch())
        # Adam's first step is lr · g / (|g| + ε), hence lr wherever |g| >> ε.
        assert max(moved(before, mine)) == pytest.approx(rate, rel=1e-2)
        assert max(moved(others, other)) == 0
        # One trace serves all batches.
        for seed in (1, 2):
            step(make_batch(seed))
        assert step.experimental_get_tracing_count() == 1


@pytest.mark.slow
def test_reported_terms_are_those_of_the_networks():
    state, task, (network_step, discriminator_step) = make("synthesis")
    batch = make_batch()
    fake = task.forward(state.network, batch, training=True)
    d_fake = state.discriminator([fake, batch["vessel_map"]], training=True)
    expected = {
        "deviation_loss": losses.deviation_loss(batch["fundus"], fake),
        "adversarial_loss": losses.adversarial_loss(d_fake),
    }
    reported = network_step(batch)
    for key, value in expected.items():
        assert reported[key].numpy() == pytest.approx(value.numpy(), rel=1e-5)
    fake = task.forward(state.network, batch, training=True)
    pair = [batch["fundus"], batch["vessel_map"]]
    expected = losses.discriminator_loss(
        state.discriminator(pair, training=True),
        state.discriminator([fake, batch["vessel_map"]], training=True),
    )
    d_loss = discriminator_step(batch)["d_loss"].numpy()
    assert d_loss == pytest.approx(expected.numpy(), rel=1e-5)


def test_the_gradient_norm_is_that_of_the_loss():
    state, task, (network_step, _) = make("segmentation", discriminator="none")
    batch = make_batch()
    with tf.GradientTape() as tape:
        output = task.forward(state.network, batch, training=True)
        loss = 10 * losses.segmentation_loss(batch["vessel_map"], output)
    gradients = tape.gradient(loss, state.network.trainable_variables)
    total = np.sqrt(
        sum((g.numpy().astype(float) ** 2).sum() for g in gradients)
    )
    norm = network_step(batch)["gradient_norm"].numpy()
    assert norm == pytest.approx(total, rel=1e-4)


def test_without_a_discriminator_there_is_no_second_step():
    state, _, (_, discriminator_step) = make("synthesis", discriminator="none")
    assert discriminator_step is None
    assert set(state.holders()) == {"network", "network_optimizer"}


@pytest.mark.slow
def test_a_network_can_learn_one_image_by_heart():
    state, task, (network_step, _) = make(
        "segmentation", discriminator="none", learning_rate=1e-2
    )
    y, x = np.mgrid[:64, :64]
    lines = ((x + y) % 16 < 3).astype(np.float32)[None, ..., None]
    vessel_map = np.repeat(lines, 2, 0)
    batch = make_batch()
    batch["vessel_map"] = tf.constant(vessel_map)
    fundus = np.repeat(vessel_map, 3, -1) - 0.5
    batch["standardized_fundus"] = tf.constant(fundus)
    for _ in range(80):
        row = network_step(batch)
    assert float(row["segmentation_loss"]) < 0.05
