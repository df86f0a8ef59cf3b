"""Soft centreline Dice (clDice, Shit et al. 2021), which the paper lacks.

Thin vessels count as much as thick ones: what is compared is centrelines, of
which each vessel has one whatever its calibre.
"""

import tensorflow as tf

ITERATIONS = 5  # half the widest vessel, about 10 pixels at 512


def soft_skeleton(plane, iterations=ITERATIONS):
    """What repeated openings take away from a soft map.

    Args:
      plane: (B,H,W,1) float32 in [0,1].
      iterations: erosions by one pixel; at least half the widest structure.

    Returns:
      (B,H,W,1) float32 in [0,1].
    """
    skeleton = tf.nn.relu(plane - _open(plane))
    for _ in range(iterations):
        plane = _erode(plane)
        rest = tf.nn.relu(plane - _open(plane))
        skeleton += tf.nn.relu(rest - skeleton * rest)
    return skeleton


def centerline_dice_loss(vessel_map, vessel_logits):
    """1 - 2 T P / (T + P), the mean over images.

    T is the share of the answer's centreline inside the vessel map, P that of
    the map's centreline inside the answer; one is added to both sides of each
    fraction.

    Args:
      vessel_map: (B,H,W,1) in [0,1].
      vessel_logits: the same shape, before the sigmoid.

    Returns:
      Scalar in [0,1].
    """
    y = tf.cast(vessel_map, tf.float32)
    p = tf.sigmoid(tf.cast(vessel_logits, tf.float32))
    precision = _share(soft_skeleton(p), y)
    sensitivity = _share(soft_skeleton(y), p)
    dice = 2.0 * precision * sensitivity / (precision + sensitivity)
    return tf.reduce_mean(1.0 - dice)


def _share(skeleton, plane):
    inside = tf.reduce_sum(skeleton * plane, (1, 2, 3))
    return (inside + 1.0) / (tf.reduce_sum(skeleton, (1, 2, 3)) + 1.0)


def _erode(plane):
    """The least of a pixel and its neighbours in a row and a column."""
    down = -tf.nn.max_pool2d(-plane, (3, 1), 1, "SAME")
    across = -tf.nn.max_pool2d(-plane, (1, 3), 1, "SAME")
    return tf.minimum(down, across)


def _open(plane):
    return tf.nn.max_pool2d(_erode(plane), 3, 1, "SAME")
