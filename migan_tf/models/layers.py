"""The blocks of which generator, segmenter and discriminator are made."""

import contextlib
import math

import keras
import tensorflow as tf

LEAKY_SLOPE = 0.2
# Keras's 0.99 would leave the moving statistics near their initial values for
# hundreds of steps, and a training set of twenty images has few.
BATCH_NORM_MOMENTUM = 0.9
GROUP_CHANNELS = 8


@contextlib.contextmanager
def dtype_policy(name):
    """Gives layers made inside the policy `name`, then restores the old one."""
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(previous)


class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's layer, which in training runs one kernel in place of six.

    Maps at full resolution are larger than any cache, and every kernel reads
    and writes them once more.
    """

    def call(self, inputs, training=None):
        """Normalizes (B,H,W,C), as Keras's layer does."""
        if not training or self.synchronized or not self.trainable:
            return super().call(inputs, training=training)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon
        )
        # The kernel returns Bessel's variance, and Keras keeps the plain one.
        count = tf.cast(tf.size(inputs) / tf.shape(inputs)[-1], tf.float32)
        variance *= (count - 1.0) / count
        for kept, new in (
            (self.moving_mean, mean),
            (self.moving_variance, variance),
        ):
            kept.assign(kept * self.momentum + new * (1.0 - self.momentum))
        return outputs


def activate(x, name, synchronized=False, normalization="batch"):
    """Normalizes the output of a convolution and applies LeakyReLU 0.2.

    Args:
      x: (B,H,W,C), the convolution's output.
      name: the convolution's name, with which the new layers' names begin.
      synchronized: whether BatchNorm takes its statistics over all replicas.
      normalization: `batch`, or `group` for groups of up to 8 channels (Wu and
        He 2018), which do not depend on the batch.

    Returns:
      (B,H,W,C).
    """
    if normalization == "batch":
        norm = BatchNormalization(
            momentum=BATCH_NORM_MOMENTUM,
            synchronized=synchronized,
            name=f"{name}_norm",
        )
    else:
        groups = x.shape[-1] // math.gcd(x.shape[-1], GROUP_CHANNELS)
        norm = keras.layers.GroupNormalization(groups, name=f"{name}_norm")
    x = norm(x)
    return keras.layers.LeakyReLU(LEAKY_SLOPE, name=f"{name}_act")(x)


def down(x, filters, name, synchronized=False):
    """A 4×4 convolution of stride 2, then `activate`.

    Args:
      x: (B,H,W,C).
      filters: channels of the output.
      name: the convolution's name.
      synchronized: see `activate`.

    Returns:
      (B,H/2,W/2,filters).
    """
    x = keras.layers.Conv2D(
        filters, 4, 2, padding="same", use_bias=False, name=name
    )(x)
    return activate(x, name, synchronized)


def up(x, filters, name, synchronized=False):
    """A 4×4 transposed convolution of stride 2, then `activate`.

    Args:
      x: (B,H,W,C).
      filters: channels of the output.
      name: the convolution's name.
      synchronized: see `activate`.

    Returns:
      (B,2H,2W,filters).
    """
    x = keras.layers.Conv2DTranspose(
        filters, 4, 2, padding="same", use_bias=False, name=name
    )(x)
    return activate(x, name, synchronized)


class Antialias(keras.layers.Layer):
    """The binomial filter [1 2 1]/4 in both directions (Zhang 2019).

    Transposed convolutions of stride 2 leave a grid with a period of two
    pixels. The filter takes that frequency away wholly, and no lower one.
    """

    def call(self, image):
        """Filters (B,H,W,C) to the same shape; the border is mirrored."""
        return smoothed(image)


def eroded(plane, side):
    """The least value within a square of `side` pixels, of (B,H,W,C).

    What lies beyond the frame does not count.
    """
    return -tf.nn.max_pool2d(-plane, side, strides=1, padding="SAME")


def smoothed(image):
    """The filter [1 2 1]/4 in both directions, of (B,H,W,C)."""
    image = tf.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    for _ in range(2):  # [1 1]/2 twice is [1 2 1]/4.
        image = tf.nn.avg_pool2d(image, 2, strides=1, padding="VALID")
    return image


def encode(x, base_filters, synchronized=False):
    """The encoder of Fig. 2.

    Args:
      x: (B,S,S,C); S is a multiple of 64.
      base_filters: filters of the first level; the paper has 64.
      synchronized: see `activate`.

    Returns:
      List of six levels from (B,S/2,S/2,base) to (B,S/64,S/64,8·base), of which
      the last is the centre.
    """
    levels = []
    for level, multiple in enumerate((1, 2, 4, 8, 8, 8), start=1):
        x = down(
            x,
            base_filters * multiple,
            name=f"encoder{level}",
            synchronized=synchronized,
        )
        levels.append(x)
    return levels


def decode(x, levels, base_filters, skip_connections, synchronized=False):
    """The decoder of Fig. 2, up to half the output's size.

    Args:
      x: (B,S/64,S/64,C), the centre.
      levels: what `encode` returned.
      base_filters: as given to `encode`.
      skip_connections: which levels, counted from the centre, are concatenated
        with the encoder's of the same size: `all`, `none`, or with `even` the
        second and the fourth. The paper says 'odd numbered layers are skipped
        and the center coding is considered as origin'.
      synchronized: see `activate`.

    Returns:
      (B,S/2,S/2,base_filters); with `all` the last skip connection adds as many
      channels again.
    """
    skipped = {"even": (2, 4), "all": (1, 2, 3, 4, 5), "none": ()}
    for level, multiple in enumerate((8, 8, 4, 2, 1), start=1):
        x = up(
            x,
            base_filters * multiple,
            name=f"decoder{level}",
            synchronized=synchronized,
        )
        if level in skipped[skip_connections]:
            x = keras.layers.Concatenate(name=f"skip{level}")(
                [x, levels[-1 - level]]
            )
    return x


def check_size(argument, size, total_stride):
    """Refuses a size that the network cannot halve often enough.

    Args:
      argument: the size's name, for the message.
      size: in pixels.
      total_stride: the number that must divide it.

    Raises:
      ValueError: `size` is not a positive multiple of `total_stride`.
    """
    if size < total_stride or size % total_stride:
        raise ValueError(
            f"`{argument}` must be a positive multiple of {total_stride}, the "
            f"network's total stride. Received: {argument}={size}"
        )
