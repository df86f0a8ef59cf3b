"""Styles as codes: put together, taken apart, and drawn."""

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.models import grain, light, style_code

RNG = np.random.default_rng(0)


def test_a_code_is_light_and_grain():
    lights = tf.constant(RNG.normal(size=(2, light.TERMS, 3)), tf.float32)
    grains = tf.constant(RNG.normal(size=(2, grain.SIZE)), tf.float32)
    code = style_code.joined(lights, grains)
    assert code.shape == (2, style_code.SIZE)
    for mine, given in zip(
        style_code.parts(code), (lights, grains), strict=True
    ):
        np.testing.assert_array_equal(mine, given)


def test_drawn_lights_have_the_statistics_of_photographs_and_mirrors():
    codes = RNG.normal(0.1, 0.3, (12, style_code.SIZE))
    mean, components, _ = style_code.statistics(codes)
    codes = codes[:, :18]
    mirrored = codes.copy()
    for term in (1, 5):  # x and xy, of three channels each
        mirrored[:, 3 * term : 3 * term + 3] *= -1
    rows = np.concatenate([codes, mirrored])
    np.testing.assert_allclose(mean, rows.mean(0), atol=1e-6)
    np.testing.assert_allclose(
        components.T @ components, np.cov(rows.T, bias=True), atol=1e-5
    )
    variances = (components**2).sum(axis=1)
    assert (np.diff(variances) <= 1e-6).all()  # the largest first


@pytest.mark.parametrize("count", [1, 3, 64, 200])
def test_the_styles_that_are_kept_are_evenly_those_of_the_photographs(count):
    codes = np.arange(count)[:, None] + np.zeros(style_code.SIZE)
    known = style_code.statistics(codes)[2]
    assert known.shape == (64, style_code.SIZE)
    numbers, times = np.unique(known[:, 0], return_counts=True)
    assert len(numbers) == min(count, 64) and np.ptp(times) <= 1
    assert np.ptp(np.diff([*numbers, count])) <= 1


def test_a_photographs_code_is_that_of_its_light_and_its_noise():
    axis = np.linspace(-1, 1, 256)
    flat = np.zeros((256, 256, 3)) + 0.1 + 0.2 * axis[None, :, None]
    noise = RNG.normal(0.0, 3.0 / 127.5, flat.shape)
    code = style_code.style_code(
        tf.constant((flat + noise)[None], tf.float32), tf.ones((1, 256, 256, 1))
    )
    lights, grains = style_code.parts(code)
    np.testing.assert_allclose(lights[0, 0], 0.1, atol=0.01)
    np.testing.assert_allclose(lights[0, 1], 0.2, atol=0.01)
    # White noise of 3 grey levels less its mean over 25 pixels.
    fine = np.log(3.0 * np.sqrt(24 / 25) + 0.5)
    np.testing.assert_allclose(grains[0, :3], fine, atol=0.05)
