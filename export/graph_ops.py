"""What the exported graphs need besides `migan_tf`, in TensorFlow ops only."""

import tensorflow as tf

from migan_tf import fov

LEVELS = 256
LEAST_SIDE = 16  # pixels, of what `fov.find_fov_mask` can search
MOST_PIXELS = 64_000_000  # of one image; the largest fundus cameras have 45
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


def decode(image_bytes, channels):
    """Decodes a PNG or JPEG file.

    16 bits become 8, grey becomes RGB and the reverse, alpha is dropped, the
    orientation of EXIF is not looked at. The size is read from the header, so
    that a small file of a huge image is refused before it fills the memory.

    Args:
      image_bytes: string scalar.
      channels: 3 or 1.

    Returns:
      (H,W,channels) uint8.

    Raises:
      InvalidArgumentError: not a PNG or JPEG, damaged, or over MOST_PIXELS.
    """
    is_png = tf.strings.substr(image_bytes, 0, len(PNG)) == PNG
    is_jpeg = tf.strings.substr(image_bytes, 0, len(JPEG)) == JPEG
    # A PNG's size is in its bytes 16 to 23.
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
    """An op that refuses an image of too many pixels.

    Args:
      size: (height, width), int32.
    """
    # As floats: a damaged header's product may not fit an integer.
    pixels = tf.reduce_prod(tf.cast(size, tf.float64))
    return tf.debugging.Assert(
        (pixels <= MOST_PIXELS) & (pixels > 0),
        [f"an image must have 1 to {MOST_PIXELS} pixels; its size is", size],
    )


def find_fov_mask(fundus):
    """`fov.find_fov_mask` of any (H,W,3) uint8; none where it is too small."""
    size = tf.shape(fundus)[:2]
    return tf.cond(
        tf.reduce_min(size) >= LEAST_SIDE,
        lambda: fov.find_fov_mask(fundus),
        lambda: tf.zeros(size, tf.bool),
    )


def otsu_threshold(probability, fov_mask):
    """`metrics.otsu_threshold` of the pixels inside the FOV.

    Args:
      probability: (H,W) float32 in [0,1].
      fov_mask: (H,W) bool.

    Returns:
      float32 scalar; vessels are >= it.
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
