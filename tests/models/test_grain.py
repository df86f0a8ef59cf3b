"""Grain: how strong texture is where there are no vessels."""

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.models import grain

RNG = np.random.default_rng(0)
NONE = [np.log(0.5)] * 6 + [0.0] * 3


def measured(image, fov_mask=None):
    if fov_mask is None:
        fov_mask = np.ones((*image.shape[:2], 1))
    return grain.grain_of(
        tf.constant(image[None], tf.float32),
        tf.constant(fov_mask[None], tf.float32),
    )[0].numpy()


def test_white_noise_is_in_both_bands_by_the_sizes_of_their_means():
    levels = np.array([1.0, 2.0, 4.0])
    image = RNG.normal(0.0, levels / 127.5, (256, 256, 3))
    found = np.exp(measured(image)[:6]) - 0.5
    # The variance of white noise less its mean over n pixels is 1 - 1/n, and
    # that of the difference of two such means about 1/25 - 1/289.
    np.testing.assert_allclose(found[:3], levels * np.sqrt(24 / 25), rtol=0.04)
    middle = levels * np.sqrt(1 / 25 - 1 / 289)
    np.testing.assert_allclose(found[3:6], middle, rtol=0.15)


def test_channels_of_one_noise_are_alike_as_far_as_it_is_above_half_a_level():
    one, other = RNG.normal(0.0, 4.0 / 127.5, (2, 256, 256))
    image = np.stack([one, one, 0.6 * one + 0.8 * other], -1)
    found = measured(image)[6:]
    # Two channels of one noise, then a third of the same strength with 0.6 of
    # it; its variance is 24/25 of 16, to which a quarter is added.
    seen = 16 * 24 / 25 / (16 * 24 / 25 + 0.25)
    np.testing.assert_allclose(
        found, np.array([1.0, 0.6, 0.6]) * seen, atol=0.03
    )


def test_nothing_is_half_a_grey_level():
    flat = np.zeros((128, 128, 3))
    np.testing.assert_allclose(measured(flat), NONE, atol=1e-5)


def test_vessels_and_the_rim_do_not_count():
    noise = RNG.normal(0.0, 2.0 / 127.5, (256, 256, 3))
    plain = measured(noise)
    with_vessels = noise.copy()
    with_vessels[:, ::64] -= 0.5  # one block in four
    np.testing.assert_allclose(measured(with_vessels), plain, atol=0.12)
    y, x = np.mgrid[:256, :256] - 127.5
    fov_mask = (np.hypot(y, x) < 110)[..., None]
    cut = np.where(fov_mask, noise, -1.0)
    np.testing.assert_allclose(measured(cut, fov_mask), plain, atol=0.12)


@pytest.mark.parametrize("shape", [(64, 64), (40, 40)])
def test_a_field_of_view_without_a_whole_block_has_none(shape):
    image = RNG.normal(size=(*shape, 3))
    found = measured(image, np.zeros((*shape, 1)))
    np.testing.assert_allclose(found, NONE, atol=1e-5)
