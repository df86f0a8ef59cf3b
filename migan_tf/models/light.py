"""The light of a fundus: its colour and how it falls off, in eighteen numbers.

For each channel a polynomial of the second degree in x and y, so that colours
and illumination of a photograph can be taken, drawn and given to another image
while disc, macula and vessels stay where they are. TensorFlow ops only, so that
training and an exported graph do the same.
"""

import tensorflow as tf

from migan_tf.models import layers

TERMS = 6  # 1, x, y, x², y², xy with x and y in [-1,1] over the frame
_ROUNDS = 8  # of reweighting
RIM = 4 / 512  # of the frame's side, what photographs blur at the FOV's edge


def light_field(light, size):
    """Evaluates lights over a square.

    Args:
      light: (B,TERMS,3) float32.
      size: side S in cells or pixels, a number or int32 scalar.

    Returns:
      (B,S,S,3) float32.
    """
    return tf.einsum("hwt,btc->bhwc", _terms(size), light)


def fit_light(field, inside):
    """Fits lights to fields of colour.

    Vessels, the disc, the macula and lesions are not light: the fit is one of
    least squares in which cells beyond 1.5 times the median residual count less
    (Huber's weights).

    Args:
      field: (B,S,S,3) float32.
      inside: (B,S,S,1) float32 in [0,1], the share of each cell in the FOV;
        those with less than one half do not count.

    Returns:
      (B,TERMS,3) float32; zeros where no cell counts.
    """
    size = tf.shape(field)[1]
    terms = tf.reshape(_terms(size), (1, size * size, TERMS))
    values = tf.reshape(field, (-1, size * size, 3))
    counts = tf.reshape(tf.cast(inside >= 0.5, tf.float32), (-1, size**2, 1))
    weights, light = counts, None
    for _ in range(_ROUNDS):
        light = _least_squares(terms, values, weights)
        residual = tf.abs(values - terms @ light)
        residual = tf.reduce_max(residual, -1, keepdims=True)
        width = 1.5 * _median(residual, counts)
        weights = counts / tf.maximum(1.0, residual / width)
    return light


def light_of_photograph(fundus, fov_mask, size):
    """The light of a photograph of any size, in TensorFlow ops.

    Args:
      fundus: (B,H,W,3) float32.
      fov_mask: (B,H,W,1) float32 in {0,1}.
      size: side in cells of the field of means that it is fitted to.

    Returns:
      (B,TERMS,3) float32 in the range of `fundus`.
    """
    # As a ground's, whose rim is filled from inside: the rim is dark.
    margin = max(1, round(RIM * int(fundus.shape[1] or 512)))
    inner = layers.eroded(fov_mask, 2 * margin + 1)
    share = tf.image.resize(inner, (size, size), "area")
    sums = tf.image.resize(fundus * inner, (size, size), "area")
    return fit_light(tf.math.divide_no_nan(sums, share), share)


def level_bounds(lights, inside):
    """The least and the greatest level of some lights.

    Args:
      lights: (N,TERMS,3) float32.
      inside: (1,S,S,1) bool, the cells of the FOV.

    Returns:
      (least, most), (3,) each, of each channel over all lights and cells.
    """
    levels = light_field(lights, tf.shape(inside)[1])
    return (
        tf.reduce_min(tf.where(inside, levels, float("inf")), (0, 1, 2)),
        tf.reduce_max(tf.where(inside, levels, -float("inf")), (0, 1, 2)),
    )


def drawn_within(drawn, mean, bounds, inside):
    """Pulls lights towards a mean until their levels are within bounds.

    A Gaussian of polynomials has places in the FOV that are darker than those
    of any photograph it was taken from.

    Args:
      drawn: (B,TERMS,3) float32.
      mean: (TERMS,3) float32.
      bounds: from `level_bounds`.
      inside: (1,S,S,1) bool, the cells of the FOV.

    Returns:
      (B,TERMS,3): mean + s · (drawn - mean), s in [0,1] the greatest that
      keeps every cell of the FOV within.
    """
    size = tf.shape(inside)[1]
    least, most = bounds
    middle = light_field(mean[None], size)
    apart = light_field(drawn, size) - middle
    room = tf.where(apart < 0.0, least - middle, most - middle)
    counts = inside & (tf.abs(apart) > tf.abs(room))
    share = tf.reduce_min(tf.where(counts, room / apart, 1.0), (1, 2, 3))
    share = tf.clip_by_value(share, 0.0, 1.0)
    return mean + share[:, None, None] * (drawn - mean)


def _terms(size):
    axis = tf.linspace(-1.0, 1.0, size)
    x, y = tf.meshgrid(axis, axis)
    return tf.stack([tf.ones_like(x), x, y, x * x, y * y, x * y], -1)


def _least_squares(terms, values, weights):
    weighted = terms * weights
    normal = tf.matmul(weighted, terms, transpose_a=True)
    # A FOV of a few cells does not determine all terms.
    normal += 1e-4 * tf.eye(TERMS)
    return tf.linalg.solve(
        normal, tf.matmul(weighted, values, transpose_a=True)
    )


def _median(residual, counts):
    """The median (B,1,1) of what counts, not below a tenth of a grey level."""
    ordered = tf.sort(tf.where(counts > 0, residual, float("inf")), axis=1)
    number = tf.cast(tf.reduce_sum(counts, 1, keepdims=True), tf.int32)
    middle = tf.gather(ordered, (number // 2)[:, 0, 0], axis=1, batch_dims=1)
    middle = tf.where(tf.math.is_finite(middle), middle, 1.0)
    return tf.maximum(middle, 1e-3)[:, None]
