"""Decoding, size checks, field of view and Otsu as TensorFlow ops.

The exported graphs need them besides the ops of `migan_tf`.
"""

import tensorflow as tf

from migan_tf.base.pictures import LEAST_SIDE, MOST_ASPECT, MOST_SIDE
from migan_tf.data import fov
from migan_tf.metrics.segmentation import LEVELS

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


def decode(image_bytes, channels):
    """Decodes a PNG or JPEG file.

    16 bits become 8, grey becomes RGB and the reverse, alpha is dropped, and
    EXIF's orientation is ignored. The size is read from the header, so that a
    small file of a huge image is refused before it fills the memory.

    Args:
      image_bytes: string scalar.
      channels: 3 or 1.

    Returns:
      (H,W,channels) uint8.

    Raises:
      InvalidArgumentError: the file is no PNG or JPEG, is damaged, or has a
        side over MOST_SIDE.
    """
    is_png = tf.strings.substr(image_bytes, 0, len(PNG)) == PNG
    is_jpeg = tf.strings.substr(image_bytes, 0, len(JPEG)) == JPEG
    # Bytes 16 to 23 of a PNG are its size.
    is_png &= tf.strings.length(image_bytes) >= 24
    known = tf.debugging.Assert(
        is_png | is_jpeg, ["the bytes must be a PNG or JPEG file"]
    )
    with tf.control_dependencies([known]):
        size = tf.cond(
            is_png,
            lambda: _png_size(image_bytes),
            lambda: _jpeg_size(image_bytes),
        )
    with tf.control_dependencies([check_size(size)]):
        image = tf.io.decode_image(
            tf.identity(image_bytes), channels, expand_animations=False
        )
    return tf.ensure_shape(image, (None, None, channels))


def check_size(size):
    """Returns an op that refuses an image that is too large.

    Args:
      size: (height, width), int32.
    """
    # A side of 2^31 pixels is negative when it is read as int32.
    fits = tf.reduce_all((size > 0) & (size <= MOST_SIDE))
    return tf.debugging.Assert(
        fits, [f"each side must have 1 to {MOST_SIDE} pixels; they have", size]
    )


def each(function, batches, **specs):
    """Applies `function` to the examples of a batch, one after the other.

    Args:
      function: maps one example of each batch to {name: tensor}.
      batches: tuple of tensors (B,…) of one batch size.
      **specs: the `tf.TensorSpec` of each tensor that it returns, by name.

    Returns:
      {name: (B,…)}.

    Raises:
      InvalidArgumentError: there is no example, or the batch sizes differ.
    """
    sizes = tf.stack([tf.shape(batch)[0] for batch in batches])
    fits = tf.debugging.Assert(
        tf.reduce_all(sizes == sizes[0]) & (sizes[0] > 0),
        ["all inputs must have one batch size from 1; they have", sizes],
    )
    with tf.control_dependencies([fits]):
        return tf.map_fn(
            lambda example: function(*example),
            batches,
            fn_output_signature=specs,
            parallel_iterations=1,
        )


def find_fov_mask(fundus):
    """Finds the field of view of any (H,W,3) uint8 by `fov.find_fov_mask`.

    The mask of an image that is too small or too narrow to show a fundus is
    empty.
    """
    size = tf.shape(fundus)[:2]
    short, long = tf.reduce_min(size), tf.reduce_max(size)
    return tf.cond(
        (short >= LEAST_SIDE) & (long <= MOST_ASPECT * short),
        lambda: fov.find_fov_mask(fundus),
        lambda: tf.zeros(size, tf.bool),
    )


def otsu_threshold(probability, fov_mask):
    """Finds `segmentation.otsu_threshold` of the pixels inside the FOV.

    Args:
      probability: (H,W) float32 in [0,1].
      fov_mask: (H,W) bool.

    Returns:
      float32 scalar; a pixel is vessel where its probability reaches it.
    """
    levels = tf.floor(probability[fov_mask] * (LEVELS - 1.0) + 0.5)
    histogram = tf.math.bincount(
        tf.cast(levels, tf.int32), minlength=LEVELS, maxlength=LEVELS
    )
    histogram = tf.cast(histogram, tf.float64)
    below = tf.cumsum(histogram)
    sums = tf.cumsum(histogram * tf.range(LEVELS, dtype=tf.float64))
    pixels, total = below[-1], sums[-1]
    between = tf.math.divide_no_nan(
        (total * below - sums * pixels) ** 2, below * (pixels - below)
    )
    flat = tf.reduce_max(between) == 0
    level = tf.where(flat, tf.argmax(histogram), tf.argmax(between))
    threshold = (tf.cast(level, tf.float64) + 0.5) / (LEVELS - 1.0)
    return tf.cast(threshold, tf.float32)


def _png_size(image_bytes):
    header = tf.strings.substr(image_bytes, 16, 8)
    size = tf.io.decode_raw(header, tf.int32, little_endian=False)
    return tf.ensure_shape(size, (2,))[::-1]


def _jpeg_size(image_bytes):
    return tf.image.extract_jpeg_shape(image_bytes)[:2]
