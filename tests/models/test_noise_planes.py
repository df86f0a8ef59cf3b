"""Noise planes are a function of the noise code, and of nothing else."""

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.models import layers
from migan_tf.models.noise_planes import NoisePlanes


@pytest.fixture(scope="module")
def noise():
    return tf.random.stateless_normal((3, 20), (1, 2))


def planes(noise, side=64, stream=0):
    layer = NoisePlanes((4, 2), stream=stream)
    image = tf.zeros((len(noise), side, side, 1))
    return [plane.numpy() for plane in layer([noise, image])]


def test_every_level_halves_and_is_standard_normal(noise):
    first, second = planes(noise)
    assert first.shape == (3, 64, 64, 4) and second.shape == (3, 32, 32, 2)
    # 49,152 numbers: four standard errors are 0.018 and 0.013.
    assert abs(first.mean()) < 0.018 and abs(first.std() - 1) < 0.013
    neighbours = np.corrcoef(first[:, 1:].ravel(), first[:, :-1].ravel())
    assert abs(neighbours[0, 1]) < 0.02


def test_an_example_does_not_depend_on_its_batch(noise):
    together = planes(noise)[0]
    for index in range(3):
        alone = planes(noise[index : index + 1])[0]
        np.testing.assert_array_equal(alone[0], together[index])
    assert not np.allclose(together[0], together[1])


def test_only_the_last_two_numbers_of_the_code_count(noise):
    other = tf.concat([noise[:, :-2] + 1.0, noise[:, -2:]], axis=1)
    np.testing.assert_array_equal(planes(noise)[0], planes(other)[0])
    changed = tf.concat([noise[:, :-1], noise[:, -1:] + 1e-3], axis=1)
    assert not np.allclose(planes(noise)[0], planes(changed)[0])


def test_networks_have_streams_of_their_own(noise):
    assert not np.allclose(planes(noise)[0], planes(noise, stream=1)[0])


def test_a_code_of_zeros_has_its_grain():
    assert planes(tf.zeros((1, 20)))[0].std() > 0.9


def test_a_zero_has_no_sign():
    positive, negative = tf.zeros((1, 20)), -tf.zeros((1, 20))
    assert np.signbit(negative.numpy()).all()
    np.testing.assert_array_equal(planes(positive)[0], planes(negative)[0])


def test_half_precision_draws_the_same_planes(noise):
    whole = planes(noise)[0]
    with layers.dtype_policy("mixed_float16"):
        half = planes(noise)[0]
    assert half.dtype == np.float16
    np.testing.assert_array_equal(half, whole.astype(np.float16))
