"""clDice on shapes whose centrelines are known."""

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.models.losses import centerline_dice_loss, soft_skeleton


def bar(width, side=33):
    """A horizontal bar of an odd width through the middle."""
    plane = np.zeros((1, side, side, 1), np.float32)
    middle = side // 2
    plane[:, middle - width // 2 : middle + width // 2 + 1, 4:-4] = 1
    return plane


def logits(plane):
    return tf.constant(60.0 * plane - 30.0)


@pytest.mark.parametrize("width", [1, 3, 7])
def test_the_skeleton_of_a_bar_is_its_middle_row(width):
    skeleton = soft_skeleton(tf.constant(bar(width))).numpy()[0, ..., 0]
    rows, columns = np.nonzero(skeleton)
    assert set(rows) == {16}
    # Erosion eats the ends too: half the width at each.
    assert columns.min() == 4 + width // 2
    assert columns.max() == 28 - width // 2
    assert set(np.unique(skeleton)) == {0, 1}


def test_right_answers_cost_nothing_and_empty_ones_nearly_all():
    plane = bar(3)
    assert float(centerline_dice_loss(plane, logits(plane))) < 1e-5
    # T = (0 + 1) / (0 + 1) and P = (0 + 1) / (23 + 1).
    empty = float(centerline_dice_loss(plane, logits(0 * plane)))
    assert empty == pytest.approx(1 - 2 / 24 / (1 + 1 / 24), rel=1e-4)


def test_calibre_costs_nothing_and_a_gap_does():
    plane = bar(3)
    assert float(centerline_dice_loss(plane, logits(bar(7)))) < 1e-5
    broken = plane.copy()
    broken[:, :, 12:20] = 0
    assert float(centerline_dice_loss(plane, logits(broken))) > 0.1


def test_there_is_a_gradient():
    x = tf.constant(np.random.default_rng(0).normal(size=(2, 16, 16, 1)))
    x = tf.cast(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = centerline_dice_loss(tf.cast(x > 0.5, tf.float32), x)
    slope = tape.gradient(loss, x).numpy()
    assert np.isfinite(slope).all() and np.abs(slope).max() > 0
