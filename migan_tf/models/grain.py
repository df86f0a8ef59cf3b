"""The grain of a photograph, in nine numbers, as TensorFlow ops.

Photographs of one camera differ in it more than in anything else that the eye
overlooks: in focus, in noise, in compression, and in channels that are
saturated, which have none. It is how strong two bands of texture are in each
channel, and how far the finer one is the same in two of them, where there are
no vessels.
"""

import tensorflow as tf

from migan_tf.models import layers

STRENGTHS = 6  # fine and middle texture of three channels
PAIRS = ((0, 1), (0, 2), (1, 2))  # of channels
SIZE = STRENGTHS + len(PAIRS)
# Sides, in pixels, of the means between which the bands lie: below 5 pixels,
# and from there to about 17.
FINE_SIDE, MIDDLE_SIDE = 5, 17
BLOCK = 16  # pixels; the side of the blocks over whose powers the median is
# Grey levels that are added: a saturated channel has no texture at all, and
# should be neither infinitely far from the others nor like them by chance.
_LEAST = 0.5


def grain_of(fundus, fov_mask):
    """Measures grain.

    Args:
      fundus: (B,S,S,3) float32 in [-1,1], at the networks' size.
      fov_mask: (B,S,S,1) float32 in {0,1}.

    Returns:
      (B,SIZE) float32: the natural logarithms of the standard deviations in
      grey levels, of the fine band of red, green and blue and then of the
      middle one, and the correlations of the fine band of the `PAIRS`. Each is
      of the median block of those that lie inside the FOV, away from its rim:
      vessels are in fewer than half of the blocks. Where there is no such
      block, log(0.5) and 0.
    """
    fine_mean = _mean(fundus, FINE_SIDE)
    fine = fundus - fine_mean
    bands = tf.concat([fine, fine_mean - _mean(fundus, MIDDLE_SIDE)], -1)
    share = _blocks(layers.eroded(fov_mask, MIDDLE_SIDE))
    power = _blocks(bands**2)
    sizes = tf.sqrt(_products(power))
    alike = _blocks(_products(fine)) / (sizes + (_LEAST / 127.5) ** 2)
    median = _median(tf.concat([power, alike], -1), share > 0.999)
    strengths, correlations = tf.split(median, (STRENGTHS, len(PAIRS)), 1)
    strengths = tf.math.log(tf.sqrt(strengths) * 127.5 + _LEAST)
    return tf.concat([strengths, correlations], 1)


def _median(blocks, counted):
    """The medians (B,C) of (B,h,w,C) where `counted` (B,h,w,1); 0 of none."""
    channels = blocks.shape[-1]
    ordered = tf.where(counted, blocks, float("inf"))
    ordered = tf.reshape(ordered, (tf.shape(blocks)[0], -1, channels))
    ordered = tf.sort(ordered, axis=1)
    number = tf.reduce_sum(tf.cast(counted, tf.int32), (1, 2, 3))
    median = tf.gather(ordered, number // 2, axis=1, batch_dims=1)
    return tf.where(tf.math.is_finite(median), median, 0.0)


def _products(channels):
    """Products of the channels of each of `PAIRS`, (B,H,W,3)."""
    first, second = (
        tf.gather(channels, side, axis=-1) for side in zip(*PAIRS, strict=True)
    )
    return first * second


def _mean(image, side):
    return tf.nn.avg_pool2d(image, side, strides=1, padding="SAME")


def _blocks(image):
    return tf.nn.avg_pool2d(image, BLOCK, strides=BLOCK, padding="VALID")
