"""Planes of white noise that are a function of the noise code."""

import keras
import tensorflow as tf


class NoisePlanes(keras.layers.Layer):
    """Draws normal noise at several resolutions, of any size.

    The bits of the code's last two numbers are the seed, so that a code always
    gives the same planes, whatever is painted beside it and on whatever
    machine. The planes have unit variance whatever σ of the code is: grain is
    in every photograph.
    """

    def __init__(self, channels, stream, **kwargs):
        """Keeps what is to be drawn.

        Args:
          channels: of the planes at each level; every level has half the side
            of the one before.
          stream: tells the planes of one network from those of others.
          **kwargs: of `keras.layers.Layer`.
        """
        # A float16 policy would round the code before its bits are taken.
        super().__init__(autocast=False, **kwargs)
        self._channels, self._stream = tuple(channels), stream

    def call(self, inputs):
        """Draws planes.

        Args:
          inputs: [noise (B,noise_size) float32, image (B,H,W,C), of which only
            the size counts].

        Returns:
          List of (B,H/2^k,W/2^k,channels[k]).
        """
        noise, image = inputs
        height, width = tf.unstack(tf.shape(image)[1:3])
        last = tf.cast(noise[:, -2:], tf.float32)
        # A zero has two signs, and one code of zeros should be one code.
        last = tf.where(last == 0.0, 0.0, last)
        seeds = tf.bitcast(last, tf.int32)
        return [
            self._drawn(
                seeds + tf.constant([self._stream, level]),
                (height // 2**level, width // 2**level, channels),
            )
            for level, channels in enumerate(self._channels)
        ]

    def compute_output_spec(self, inputs):
        """The planes' shapes, as Keras asks for them."""
        _, image = inputs
        height, width = image.shape[1:3]
        return [
            keras.KerasTensor(
                (
                    image.shape[0],
                    height and height // 2**level,
                    width and width // 2**level,
                    channels,
                ),
                self.compute_dtype,
            )
            for level, channels in enumerate(self._channels)
        ]

    def _drawn(self, seeds, shape):
        """(B,*shape): each example's own noise, by its own seed."""
        planes = tf.map_fn(
            lambda seed: tf.random.stateless_normal(shape, seed, alg="philox"),
            seeds,
            fn_output_signature=tf.float32,
        )
        planes = tf.ensure_shape(planes, (None, None, None, shape[-1]))
        return tf.cast(planes, self.compute_dtype)
