"""The joint update: its terms by hand, and whom they reach."""

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.base.config import Config
from migan_tf.models import light, style_code
from migan_tf.training import joint_step
from migan_tf.training.state import create_state
from migan_tf.training.step import make_steps
from migan_tf.training.tasks import make_task

CONFIG = Config(
    workdir="run",
    task="synthesis",
    generator="delta",
    discriminator="residual",
    image_size=64,
    crop_size=64,
    noise_size=28,
    base_filters=3,
    discriminator_filters=4,
    batch_size=1,
    average_decay=0.9,
    generator_steps=1,
)


@pytest.fixture(scope="module")
def batch():
    rng = np.random.default_rng(0)
    vessel_map = np.zeros((1, 64, 64, 1))
    vessel_map[:, 30:33] = 1.0
    share = np.ones((1, 2, 64, 64, 1))
    planes = {
        "fundus": rng.normal(0.1, 0.02, (1, 64, 64, 3)) - 0.2 * vessel_map,
        "vessel_map": vessel_map,
        "fov_mask": np.ones((1, 64, 64, 1)),
        "ground": np.full((1, 64, 64, 3), 0.1),
        "grain": rng.normal(size=(1, 9)),
        "noise": rng.normal(size=(1, 28)),
        "grounds": rng.normal(0.0, 0.1, (1, 2, 64, 64, 3)),
        "densities": rng.random((1, 2, 64, 64, 2)),
        "fov_shares": share,
        "ground_noise": rng.normal(size=(1, 2, 28)),
    }
    return {name: tf.constant(x, tf.float32) for name, x in planes.items()}


@pytest.fixture
def state():
    task = make_task("synthesis", CONFIG)
    return create_state(CONFIG, task, tf.distribute.get_strategy()), task


def test_the_deviation_is_that_near_vessels_and_at_the_rim(batch):
    parts = {
        "vessels": tf.fill((1, 64, 64, 3), -0.05),
        "texture": tf.zeros((1, 64, 64, 3)),
    }
    flat = {**batch, "fundus": batch["ground"]}
    # |fundus - ground - vessels| is 0.05 wherever it counts; the weights' sum
    # has 100 added, and nothing is at the rim of a full frame.
    near = 64 * (3 + 2 * (8 - 3) + 6)  # fully up to 5 pixels, half of 6 more
    found = joint_step.deviation(flat, parts).numpy()
    assert found == pytest.approx(0.05 * 3 * near / (3 * near + 100), rel=0.02)


def test_at_the_rim_texture_is_held_to_the_photograph(batch):
    fov_mask = np.zeros((1, 64, 64, 1), np.float32)
    fov_mask[:, 20:] = 1.0
    dark = np.full((1, 64, 64, 3), 0.1, np.float32)
    dark[:, 20:27] = -0.4  # within seven pixels of the edge
    parts = {
        "vessels": tf.zeros((1, 64, 64, 3)),
        "texture": tf.zeros((1, 64, 64, 3)),
    }
    given = {
        **batch,
        "fov_mask": tf.constant(fov_mask),
        "fundus": tf.constant(dark),
        "vessel_map": tf.zeros((1, 64, 64, 1)),
    }
    pixels = 7 * 64
    found = joint_step.deviation(given, parts).numpy()
    assert found == pytest.approx(
        0.5 * 3 * pixels / (3 * pixels + 100), rel=1e-3
    )


@pytest.mark.parametrize("astray", [0, 1, 2])
@pytest.mark.parametrize("paler", [0.0, 0.1])
def test_depth_asks_how_dark_a_vessel_is_and_not_where(batch, astray, paler):
    """Three rows, as annotated or beside it, `paler` than they should be."""
    row = np.zeros((1, 64, 64, 3), np.float32)
    row[:, 30:33] = -0.4
    given = {
        **batch,
        "fundus": batch["ground"] + np.roll(row, astray, axis=1),
    }
    parts = {
        "vessels": tf.constant(row * (1.0 - paler / 0.4)),
        "texture": tf.zeros((1, 64, 64, 3)),
    }
    # Smoothed by [1 2 1]/4, three rows of 0.4 are five: 0.1, 0.3, 0.4, 0.3, 0.1
    # dark. Each row of the map sees two pixels beside it, and so the middle;
    # two astray, the first row of the map sees no more than 0.3.
    weights = 3 * 64 * 3
    expected = {0: paler, 1: paler, 2: (2 * paler + abs(paler - 0.1)) / 3}
    found = joint_step.depth(given, parts).numpy()
    assert found == pytest.approx(
        expected[astray] * weights / (weights + 100), rel=1e-3, abs=1e-6
    )


def test_the_noise_of_texture_counts_in_the_depth_and_learns_nothing(batch):
    row = np.zeros((1, 64, 64, 3), np.float32)
    row[:, 30:33] = -0.4
    parts = {
        "vessels": tf.constant(row / 2),
        "texture": tf.constant(row / 2),
    }
    given = {**batch, "fundus": batch["ground"] + row}
    with tf.GradientTape() as tape:
        tape.watch(parts)
        loss = joint_step.depth(given, parts)
    assert loss.numpy() == pytest.approx(0.0, abs=1e-6)
    assert tape.gradient(loss, parts["texture"]) is None


def test_the_deviation_of_a_batch_is_the_mean_of_its_examples(batch):
    """However many devices share a batch, the mean is the same."""
    empty = {**batch, "vessel_map": tf.zeros_like(batch["vessel_map"])}
    parts = {
        "vessels": tf.random.stateless_normal((1, 64, 64, 3), (1, 2)),
        "texture": tf.zeros((1, 64, 64, 3)),
    }
    alone = [joint_step.deviation(b, parts).numpy() for b in (batch, empty)]
    both = {k: tf.concat([v, empty[k]], 0) for k, v in batch.items()}
    twice = {k: tf.repeat(v, 2, axis=0) for k, v in parts.items()}
    together = joint_step.deviation(both, twice).numpy()
    assert together == pytest.approx(np.mean(alone), rel=1e-5)


@pytest.mark.parametrize(
    "done, vessels", [(0.0, 0.0), (0.05, 0.0), (0.125, 0.5), (0.2, 1.0), (1, 1)]
)
def test_what_d_says_comes_in_by_shares_of_the_run(done, vessels):
    assert joint_step._ramp(done, 0.05, 0.2).numpy() == pytest.approx(vessels)


def test_the_penalty_is_the_mean_square_slope():
    class Linear:
        """Logits that are 2 x summed over channels, and 3 x of grounds."""

        def __call__(self, views, training):
            return {
                "crop_logits": [2.0 * tf.reduce_sum(views["crop"], -1)],
                "ground_logits": [3.0 * tf.reduce_sum(views["ground"], -1)],
            }

    views = {"crop": tf.ones((2, 4, 4, 22)), "ground": tf.ones((1, 8, 8, 12))}
    # Each logit has 22 slopes of 2, or twelve of 3.
    assert joint_step.slope_penalty(Linear(), views).numpy() == pytest.approx(
        22 * 4 + 12 * 9
    )


def test_features_are_compared_as_means_over_cells_or_over_the_crop():
    rng = np.random.default_rng(0)
    wanted = rng.normal(size=(1, 16, 16, 3)).astype(np.float32)

    def loss(found, cells):
        pair = [wanted, wanted]
        return joint_step.feature_loss([found, wanted], pair, cells).numpy()

    for cells in (4, None):
        assert loss(wanted + 0.25, cells) == pytest.approx(0.25, rel=1e-5)
    # What is in another place of its four by four cells is no difference.
    moved = rng.permutation(wanted.reshape(4, 4, 4, 4, 3), axis=1)
    moved = moved.reshape(1, 16, 16, 3)
    assert np.abs(moved - wanted).max() > 1.0
    assert loss(moved, 4) == pytest.approx(0.0, abs=1e-6)
    # What is in another of them is one, but not over the crop.
    assert loss(moved[:, ::-1], 4) > 0.1
    assert loss(moved[:, ::-1], None) == pytest.approx(0.0, abs=1e-6)


def test_grounds_are_compared_less_their_light(batch, state):
    network = state[0].network
    parts = joint_step.painted_parts(network, batch)
    grounds = tf.reshape(batch["grounds"], (-1, 64, 64, 3))
    lights = light.fit_light(grounds, tf.ones((2, 64, 64, 1)))
    np.testing.assert_allclose(
        parts["real_structure"],
        grounds - light.light_field(lights, 64),
        atol=1e-5,
    )
    # The network begins at zero: what is missing is all of the structure.
    cells = tf.nn.avg_pool2d(parts["real_structure"], 4, 4, "SAME") / 0.1
    found = joint_step.generator_terms(batch, parts)["ground_loss"]
    np.testing.assert_allclose(found, np.mean(cells.numpy() ** 2), rtol=1e-4)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_vessels_get_their_share_of_what_d_says(batch, state, share):
    network = state[0].network
    parts = joint_step.painted_parts(network, batch)
    with tf.GradientTape() as tape:
        tape.watch(parts)
        _, fake = joint_step.views(batch, parts, share)
        loss = tf.reduce_sum(fake["crop"] ** 2)
    slopes = tape.gradient(loss, [parts["vessels"], parts["texture"]])
    if not share:
        assert slopes[0] is None or not np.any(slopes[0])
        return
    np.testing.assert_allclose(
        slopes[0], share * slopes[1], rtol=1e-3, atol=1e-4
    )


def test_an_update_moves_both_networks_and_the_average(batch, state):
    state, task = state
    step, none = make_steps(state, task, tf.distribute.get_strategy())
    assert none is None
    before = {
        name: [w.numpy() for w in holder.trainable_variables]
        for name, holder in (
            ("network", state.network),
            ("discriminator", state.discriminator),
            ("average", state.average.network),
        )
    }
    for _ in range(3):
        scalars = step(batch)
    assert all(np.isfinite(value) for value in scalars.values())
    after = {
        "network": state.network,
        "discriminator": state.discriminator,
        "average": state.average.network,
    }
    for name, holder in after.items():
        pairs = zip(before[name], holder.trainable_variables, strict=True)
        assert any(np.abs(a - b.numpy()).max() > 1e-6 for a, b in pairs), name


def test_statistics_are_set_in_the_network_and_its_average(state):
    codes = np.random.default_rng(0).normal(size=(5, style_code.SIZE))
    share = np.full((64, 64, 1), 0.5, np.float32)
    state[0].set_statistics(codes, share)
    statistics = [*style_code.statistics(codes), share]
    for network in (state[0].network, state[0].average.network):
        found = network.get_layer("drawn_style").get_weights()
        for mine, given in zip(found, statistics, strict=True):
            np.testing.assert_array_equal(mine, given)
