"""What a run begins with: seeded networks and their optimizers."""

import numpy as np

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
