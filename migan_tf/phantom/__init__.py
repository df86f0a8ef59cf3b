"""Phantom retinas: procedural fundus photographs with exact vessel maps."""

from migan_tf.phantom.retina import (  # noqa: F401
    MIN_SIZE,
    phantom_retina,
    second_reading,
)
