"""The grain of a photograph, in six numbers, as TensorFlow ops.

Photographs of one camera differ in it more than in anything else that the eye
overlooks: in focus, in noise, in compression, and in channels that are
saturated, which have none. Per channel it is how strong two bands of texture
are, where there are no vessels.
"""

import tensorflow as tf

from migan_tf.models import layers

SIZE = 6  # fine and middle texture of three channels
# Sides, in pixels, of the means between which the bands lie: below 5 pixels,
# and from there to about 17.
FINE_SIDE, MIDDLE_SIDE = 5, 17
BLOCK = 16  # pixels; the side of the blocks over whose powers the median is
# Grey levels that are added: a saturated channel has no texture at all, and
# should not be infinitely far from the others.
_LEAST = 0.5


def grain_of(fundus, fov_mask):
    """Measures grain.

    Args:
      fundus: (B,S,S,3) float32 in [-1,1], at the networks' size.
      fov_mask: (B,S,S,1) float32 in {0,1}.

    Returns:
      (B,SIZE) float32: the natural logarithms of the standard deviations in
      grey levels, of the fine band of red, green and blue and then of the
      middle one. Each is of the median block of those that lie inside the FOV,
      away from its rim: vessels are in fewer than half of the blocks. Where
      there is no such block, log(0.5).
    """
    fine_mean = _mean(fundus, FINE_SIDE)
    bands = tf.concat(
        [fundus - fine_mean, fine_mean - _mean(fundus, MIDDLE_SIDE)], -1
    )
    inner = layers.eroded(fov_mask, MIDDLE_SIDE)
    power, share = _blocks(bands**2), _blocks(inner)
    counted = tf.where(share > 0.999, power, float("inf"))
    ordered = tf.sort(tf.reshape(counted, (tf.shape(power)[0], -1, SIZE)), 1)
    number = tf.reduce_sum(tf.cast(ordered[..., 0] < float("inf"), tf.int32), 1)
    median = tf.gather(ordered, number // 2, axis=1, batch_dims=1)
    median = tf.where(tf.math.is_finite(median), median, 0.0)
    return tf.math.log(tf.sqrt(median) * 127.5 + _LEAST)


def _mean(image, side):
    return tf.nn.avg_pool2d(image, side, strides=1, padding="SAME")


def _blocks(image):
    return tf.nn.avg_pool2d(image, BLOCK, strides=BLOCK, padding="VALID")
