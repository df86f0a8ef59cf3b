"""The views of an image over which a segmenter's answers are averaged.

Flips and exchanged axes move pixels; turns by other angles resample them,
bicubic as in training, where images are turned by any angle. In TensorFlow ops
only, so that it can be part of an exported model.
"""

import itertools

import numpy as np
import tensorflow as tf

# The library turns images bilinearly, which blurs; on a finer grid, to which
# the bicubic kernel brings them first, hardly.
FINE = 3  # odd: pixels keep places of their own


def mean_over_views(
    segment, image, flips=False, transposes=False, rotations=1
) -> tf.Tensor:
    """Averages what a segmenter finds in several views of one batch.

    The views are taken one after the other, to keep memory at that of one.

    Args:
      segment: function of (B,S,S,C) to (B,S,S,1).
      image: (B,S,S,C) float32, 0 where there is nothing to be seen.
      flips: the four flips.
      transposes: each also with rows and columns exchanged.
      rotations: each also turned by 1, 2, … rotations - 1 of this many parts
        of a right angle; where a turn moves a corner out of the image, it does
        not count.

    Returns:
      (B,S,S,1) float32.
    """
    answer = _mean_over_symmetries(
        segment, image, flips=flips, transposes=transposes
    )
    total, weight = answer, tf.ones_like(answer)
    for part in range(1, rotations):
        angle = part * np.pi / 2 / rotations
        turned = rotate(image, angle)
        answer = _mean_over_symmetries(
            segment, turned, flips=flips, transposes=transposes
        )
        back = rotate(tf.concat([answer, tf.ones_like(answer)], -1), -angle)
        seen = tf.cast(back[..., 1:] > 0.999, tf.float32)
        total += back[..., :1] * seen
        weight += seen
    # Bicubic kernels overshoot.
    return tf.clip_by_value(total / weight, 0.0, 1.0)


def _mean_over_symmetries(segment, image, flips, transposes):
    axes = [()]
    if flips:
        axes = [(), (1,), (2,), (1, 2)]
    orders = [(0, 1, 2, 3)]
    if transposes:
        orders.append((0, 2, 1, 3))
    total = 0.0
    for order, flipped in itertools.product(orders, axes):
        flipped = tf.constant(flipped, tf.int32)
        view = tf.reverse(tf.transpose(image, order), flipped)
        total += tf.transpose(tf.reverse(segment(view), flipped), order)
    return total / (len(orders) * len(axes))


def rotate(image, angle):
    """Turns a batch about its middle.

    Args:
      image: (B,S,S,C) float32.
      angle: in radians, from the x to the y axis (y down).

    Returns:
      (B,S,S,C) float32, 0 where the image does not reach.
    """
    side = tf.shape(image)[1]
    fine = tf.image.resize(image, (FINE * side, FINE * side), "bicubic")
    middle = (tf.cast(side, tf.float32) - 1.0) / 2.0
    cosine, sine = np.cos(angle), np.sin(angle)
    # Where a pixel of the result lies in the image, then on the finer grid.
    x = middle * (1.0 - cosine - sine)
    y = middle * (1.0 - cosine + sine)
    shift = (FINE - 1) / 2
    matrix = [FINE * cosine, FINE * sine, FINE * x + shift]
    matrix += [-FINE * sine, FINE * cosine, FINE * y + shift, 0.0, 0.0]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=fine,
        transforms=tf.cast(tf.stack(matrix), tf.float32)[None],
        output_shape=tf.stack([side, side]),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
