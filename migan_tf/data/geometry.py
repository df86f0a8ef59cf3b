"""From a photograph of any size to the networks' square, and back.

The paper crops DRIVE to 565×565 about its centre and resizes to 512×512 with
bicubic interpolation (`center_square`); STARE is resized as it is
(`stretch`). On the way back the output is resized to the photograph's size
and multiplied by the FOV mask. TensorFlow ops only, so that the same code
runs in training, in scoring and in an exported graph.
"""

import numpy as np
import tensorflow as tf


def square_side(fov_mask):
    """Side of the centred square that a photograph is cropped or padded to.

    The largest centred square inside the frame, as in the paper, or a larger
    one, padded with black, where the FOV would not fit into it.

    Args:
      fov_mask: (H,W) in {0,1}, any dtype.

    Returns:
      int32 scalar.
    """
    shape = tf.shape(fov_mask)
    inside = tf.cast(fov_mask, tf.bool)
    sides = [tf.reduce_min(shape)]
    for axis in (0, 1):
        used = tf.cast(tf.where(tf.reduce_any(inside, 1 - axis)), tf.int32)
        # Twice the distance of the farthest used pixel's outer edge from the
        # middle of the frame, in whole pixels; 0 for an empty mask.
        reach = tf.maximum(
            tf.abs(2 * used - shape[axis]), tf.abs(2 * used + 2 - shape[axis])
        )
        sides.append(tf.reduce_max(tf.concat([reach, [[0]]], 0)))
    return tf.reduce_max(tf.stack(sides))


def to_network(image, image_size, geometry, side=None):
    """Resamples one image to the networks' square.

    Args:
      image: (H,W,C) float32 in [0,1].
      image_size: side S of the result in pixels.
      geometry: `center_square` or `stretch`.
      side: int32 scalar from `square_side`, for `center_square`.

    Returns:
      (S,S,C) float32; bicubic (Keys, a = -1/2), antialiased where the image
      shrinks, clipped to [0,1] since bicubic kernels overshoot.
    """
    _check(geometry)
    if geometry == "center_square":
        image = tf.image.resize_with_crop_or_pad(image, side, side)
    return _bicubic(image, (image_size, image_size))


def from_network(vessel_probability, fov_mask, geometry):
    """Resamples one probability map to its photograph's size.

    Args:
      vessel_probability: (S,S,1) float32 in [0,1].
      fov_mask: (H,W) in {0,1}, of the photograph.
      geometry: as given to `to_network`.

    Returns:
      (H,W,1) float32 in [0,1], 0 outside the FOV.
    """
    _check(geometry)
    height, width = tf.unstack(tf.shape(fov_mask))
    if geometry == "center_square":
        side = square_side(fov_mask)
        image = _bicubic(vessel_probability, (side, side))
        image = tf.image.resize_with_crop_or_pad(image, height, width)
    else:
        image = _bicubic(vessel_probability, (height, width))
    return image * tf.cast(fov_mask, tf.float32)[..., None]


def network_fov_mask(fov_mask, image_size, geometry):
    """Resamples a FOV mask to the networks' square, by its nearest pixel.

    Args:
      fov_mask: (H,W) in {0,1}.
      image_size: side S in pixels.
      geometry: as given to `to_network`.

    Returns:
      (S,S,1) float32 in {0,1}.
    """
    _check(geometry)
    image = tf.cast(fov_mask, tf.float32)[..., None]
    if geometry == "center_square":
        side = square_side(fov_mask)
        image = tf.image.resize_with_crop_or_pad(image, side, side)
    return tf.image.resize(image, (image_size, image_size), "nearest")


def network_fundus(fundus, fov_mask, size, geometry):
    """Prepares one photograph for the networks.

    Args:
      fundus: (H,W,3) uint8.
      fov_mask: (H,W) in {0,1}, of the photograph.
      size: side S of the result in pixels.
      geometry: as given to `to_network`.

    Returns:
      (fundus, fov_mask): (S,S,3) float32 in [0,1] and (S,S,1) float32 in
      {0,1}.
    """
    side = square_side(fov_mask)
    unit = tf.cast(fundus, tf.float32) / 255.0
    return (
        to_network(unit, size, geometry=geometry, side=side),
        network_fov_mask(fov_mask, size, geometry),
    )


def standardize(fundus, fov_mask):
    """z-score of each channel over the pixels inside the FOV.

    Args:
      fundus: (…,H,W,3) float32, any affine scale: the result is the same for
        [0,1] and [-1,1].
      fov_mask: (…,H,W,1) float32 in {0,1}.

    Returns:
      (…,H,W,3) float32 of mean 0 and standard deviation 1 inside the FOV and
      0 outside; all 0 where a channel is flat or the FOV is empty.
    """
    axes = (-3, -2)
    count = tf.maximum(tf.reduce_sum(fov_mask, axes, keepdims=True), 1.0)
    mean = tf.reduce_sum(fundus * fov_mask, axes, keepdims=True) / count
    centered = (fundus - mean) * fov_mask
    variance = tf.reduce_sum(centered**2, axes, keepdims=True) / count
    # Below a thousandth of the range there is only rounding to amplify.
    scale = tf.where(variance > 1e-6, tf.math.rsqrt(variance), 0.0)
    return centered * scale


def quantised(fundus):
    """A fundus in [-1,1], of any shape, as levels of 0 … 255, uint8."""
    return np.round((fundus + 1.0) * 127.5).astype(np.uint8)


def _bicubic(image, size):
    resized = tf.image.resize(image, size, "bicubic", antialias=True)
    return tf.clip_by_value(resized, 0.0, 1.0)


def _check(geometry):
    if geometry not in ("center_square", "stretch"):
        raise ValueError(
            "`geometry` must be 'center_square' or 'stretch'. "
            f"Received: geometry={geometry!r}"
        )
