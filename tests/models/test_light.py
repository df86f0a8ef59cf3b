"""Lights: polynomials of colour, and how those of photographs are drawn."""

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.models import light

RNG = np.random.default_rng(0)
LIGHT = RNG.normal(0.0, 0.2, (2, light.TERMS, 3)).astype(np.float32)


def polynomial(coefficients, size):
    """The same by hand."""
    axis = np.linspace(-1, 1, size)
    y, x = np.meshgrid(axis, axis, indexing="ij")
    terms = np.stack([x**0, x, y, x**2, y**2, x * y], -1)
    return terms @ coefficients


@pytest.fixture
def inside():
    y, x = np.mgrid[:64, :64] - 31.5
    return (np.hypot(y, x) < 30).astype(np.float32)[None, ..., None]


def test_drawn_lights_stay_within_the_levels_of_those_that_are_known(inside):
    known = np.zeros((2, light.TERMS, 3), np.float32)
    known[:, 0] = [[-0.5, -0.4, -0.3], [0.5, 0.4, 0.3]]
    steep = np.zeros((2, light.TERMS, 3), np.float32)
    steep[0, 1] = 2.0  # far beyond them at both sides
    steep[1, 1, 2] = 0.1  # within
    cells = tf.constant(inside > 0)
    bounds = light.level_bounds(tf.constant(known), cells)
    np.testing.assert_allclose(bounds, known[:, 0], atol=1e-6)
    kept = light.drawn_within(
        tf.constant(steep),
        mean=tf.zeros((light.TERMS, 3)),
        bounds=bounds,
        inside=cells,
    ).numpy()
    np.testing.assert_array_equal(kept[1], steep[1])
    # Blue has the least room: 0.3 where x is greatest within the FOV.
    columns = np.linspace(-1, 1, 64)[(inside > 0).any(axis=(0, 1, 3))]
    np.testing.assert_allclose(kept[0, 1], 0.3 / columns.max(), rtol=1e-5)
    np.testing.assert_array_equal(kept[0, [0, 2, 3, 4, 5]], 0.0)


def test_a_field_is_its_polynomial():
    field = light.light_field(tf.constant(LIGHT), 40).numpy()
    for mine, coefficients in zip(field, LIGHT, strict=True):
        np.testing.assert_allclose(
            mine, polynomial(coefficients, 40), atol=1e-5
        )


def test_a_polynomial_is_fitted_exactly(inside):
    field = light.light_field(tf.constant(LIGHT), 64)
    found = light.fit_light(field, np.repeat(inside, 2, axis=0)).numpy()
    np.testing.assert_allclose(found, LIGHT, atol=1e-3)


def test_a_disc_and_what_is_outside_hardly_count(inside):
    field = light.light_field(tf.constant(LIGHT[:1]), 64).numpy()
    y, x = np.mgrid[:64, :64]
    field[0, np.hypot(y - 30, x - 50) < 5] += 0.6  # 2.5 % of the cells
    field = np.where(inside > 0, field, -1.0)
    found = light.fit_light(tf.constant(field), inside).numpy()
    robust = np.abs(found - LIGHT[0]).max()
    # Least squares without weights, for comparison.
    chosen = inside[0, ..., 0] > 0
    terms = polynomial(np.eye(light.TERMS), 64)[chosen]
    plain = np.linalg.lstsq(terms, field[0][chosen], rcond=None)[0]
    assert robust < 0.03 < np.abs(plain - LIGHT[0]).max()


def test_no_field_of_view_gives_no_light():
    found = light.fit_light(tf.ones((1, 64, 64, 3)), tf.zeros((1, 64, 64, 1)))
    np.testing.assert_array_equal(found.numpy(), 0.0)


def test_the_light_of_a_photograph_does_not_depend_on_its_size():
    axis = np.linspace(-1, 1, 64)
    for side in (200, 700):
        fundus = tf.image.resize(
            light.light_field(tf.constant(LIGHT[:1]), 64), (side, side)
        )
        found = light.light_of_photograph(
            fundus, tf.ones((1, side, side, 1)), size=len(axis)
        )
        np.testing.assert_allclose(found[0].numpy(), LIGHT[0], atol=0.02)
