"""Views of an image, turned and turned back."""

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.inference import test_time_augmentation

SIDE = 96
AXIS = np.arange(SIDE) - (SIDE - 1) / 2
DISC = np.hypot(AXIS[:, None], AXIS) < 0.45 * SIDE


def smooth(seed=0):
    """(1,S,S,1) in [0,1]: broad waves inside a disc, nothing outside."""
    rng = np.random.default_rng(seed)
    waves = np.zeros((SIDE, SIDE))
    for _ in range(6):
        kx, ky, phase = rng.uniform(-0.3, 0.3, 3)
        waves += np.cos(kx * AXIS + ky * AXIS[:, None] + 10 * phase)
    image = (waves - waves.min()) / np.ptp(waves)
    return tf.constant(image[None, ..., None], tf.float32)


def test_a_quarter_turn_is_exact():
    image = tf.random.stateless_uniform((2, 8, 8, 3), (1, 2))
    turned = test_time_augmentation.rotate(image, np.pi / 2).numpy()
    # From x to y, y down: what lay on the right comes to lie below.
    np.testing.assert_allclose(
        turned, np.rot90(image.numpy(), -1, (1, 2)), atol=1e-5
    )


@pytest.mark.parametrize("degrees", [0, 20, 45, 71])
def test_a_turn_moves_every_place_by_the_angle(degrees):
    angle = np.deg2rad(degrees)
    x, y = 30.0, 8.0
    blob = np.exp(-((AXIS - x) ** 2 + (AXIS[:, None] - y) ** 2) / 18)
    image = tf.constant(blob[None, ..., None], tf.float32)
    found = test_time_augmentation.rotate(image, angle).numpy()[0, ..., 0]
    expected = (
        x * np.cos(angle) - y * np.sin(angle),
        x * np.sin(angle) + y * np.cos(angle),
    )
    weights = found / found.sum()
    place = (weights * AXIS).sum(), (weights * AXIS[:, None]).sum()
    np.testing.assert_allclose(place, expected, atol=0.02)
    # The peak lies half a pixel off at most in x and in y.
    assert np.exp(-0.5 / 18) - 0.003 < found.max() < 1.003


@pytest.mark.parametrize("rotations", [1, 2, 4])
def test_all_views_of_a_segmenter_that_copies_are_the_image(rotations):
    image = smooth()
    calls = []

    def copy(view):
        calls.append(view.numpy())
        return view

    found = test_time_augmentation.mean_over_views(
        copy, image, flips=True, transposes=True, rotations=rotations
    )
    assert len(calls) == 8 * rotations
    error = np.abs(found - image)[0, ..., 0]
    assert error[DISC].max() < 0.01
    # Corners that a turn loses are those of the view that keeps them.
    assert error[0, 0] < 1e-6 and error[-1, -1] < 1e-6


def test_the_mean_is_over_what_each_view_gives():
    image = tf.zeros((1, SIDE, SIDE, 1))
    answers = iter([0.0, 0.6])
    found = test_time_augmentation.mean_over_views(
        lambda view: tf.fill(tf.shape(view), next(answers)),
        image,
        rotations=2,
    ).numpy()[0, ..., 0]
    assert found[SIDE // 2, SIDE // 2] == pytest.approx(0.3, abs=1e-6)
    assert found[0, 0] == 0.0  # seen by the first alone
