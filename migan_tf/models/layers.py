"""The blocks that generator, segmenter and discriminator are made of."""

import contextlib
import math

import keras
import tensorflow as tf

LEAKY_SLOPE = 0.2
# Twenty images make few steps: Keras's 0.99 would leave the moving statistics
# near their initial values for hundreds of them.
BATCH_NORM_MOMENTUM = 0.9
GROUP_CHANNELS = 8


@contextlib.contextmanager
def dtype_policy(name):
    """Layers made inside have the policy `name`; the old one comes back."""
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(previous)


class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's, with one kernel for what Keras makes of six in training.

    The maps at full resolution are larger than any cache, and each kernel
    reads and writes them once more.
    """

    def call(self, inputs, training=None):
        """(B,H,W,C) of the compute dtype; see Keras."""
        if not training or self.synchronized or not self.trainable:
            return super().call(inputs, training=training)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon
        )
        # The kernel's is Bessel's; Keras keeps the plain variance.
        count = tf.cast(tf.size(inputs) / tf.shape(inputs)[-1], tf.float32)
        variance *= (count - 1.0) / count
        for kept, new in (
            (self.moving_mean, mean),
            (self.moving_variance, variance),
        ):
            kept.assign(kept * self.momentum + new * (1.0 - self.momentum))
        return outputs


def activate(x, name, synchronized=False, normalization="batch"):
    """A normalization and LeakyReLU 0.2 after the convolution `name`.

    Args:
      x: (B,H,W,C).
      name: of the convolution.
      synchronized: BatchNorm statistics over all replicas.
      normalization: `batch`, or `group` with up to 8 channels a group (Wu and
        He 2018), which does not depend on the batch.

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
    """4×4 convolution, stride 2: (B,H,W,C) -> (B,H/2,W/2,filters)."""
    x = keras.layers.Conv2D(
        filters, 4, 2, padding="same", use_bias=False, name=name
    )(x)
    return activate(x, name, synchronized)


def up(x, filters, name, synchronized=False):
    """4×4 transposed convolution, stride 2: (B,H,W,C) -> (B,2H,2W,filters)."""
    x = keras.layers.Conv2DTranspose(
        filters, 4, 2, padding="same", use_bias=False, name=name
    )(x)
    return activate(x, name, synchronized)


class Antialias(keras.layers.Layer):
    """Binomial filter [1 2 1]/4 in both directions (Zhang 2019).

    Transposed convolutions of stride 2 leave a grid with a period of two
    pixels; that frequency, and no lower one, is taken away wholly.
    """

    def call(self, image):
        """(B,H,W,C) -> the same shape; the border is mirrored."""
        image = tf.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
        for _ in range(2):  # [1 1]/2 twice.
            image = tf.nn.avg_pool2d(image, 2, strides=1, padding="VALID")
        return image


def encode(x, base_filters, synchronized=False):
    """The encoder of Fig. 2.

    Args:
      x: (B,S,S,C), S a multiple of 64.
      base_filters: filters of the first level, 64 in the paper.
      synchronized: BatchNorm statistics over all replicas.

    Returns:
      Six levels, (B,S/2,S/2,base) … (B,S/64,S/64,8·base), the last of which
      is the centre.
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
      skip_connections: `even`: the second and fourth level counted from the
        centre are concatenated ('odd numbered layers are skipped and the
        center coding is considered as origin'); `all`; or `none`.
      synchronized: BatchNorm statistics over all replicas.

    Returns:
      (B,S/2,S/2,base_filters) before the skip of the last level, if any.
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
    """Raises `ValueError` unless `size` divides by the network's stride."""
    if size < total_stride or size % total_stride:
        raise ValueError(
            f"`{argument}` must be a positive multiple of {total_stride}, the "
            f"network's total stride. Received: {argument}={size}"
        )
