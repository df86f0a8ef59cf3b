"""Features against averages that are taken by hand."""

import numpy as np
import pytest

from migan_tf.metrics import image_features

SIDE = 64
WHOLE = np.ones((SIDE, SIDE), bool)


def noise(sharp=True):
    plane = np.random.default_rng(0).normal(0, 20, (SIDE, SIDE, 3))
    if not sharp:
        plane = (plane + np.roll(plane, 1, 0) + np.roll(plane, 1, 1)) / 3
    return plane


def fundus_of(plane):
    return np.clip(np.round(plane), 0, 255).astype(np.uint8)


def test_random_filters_see_white_noise_as_it_is():
    """Norm 1 and variance 1 give a mean square of 1 at full size; a mean of
    four pixels has a quarter of the variance, one of sixteen a sixteenth."""
    found = image_features.random_filters(fundus_of(128 + noise()), WHOLE)
    squares, shapes = found.reshape(2, 3, image_features.FILTERS)
    expected = -np.log10([1, 4, 16])
    np.testing.assert_allclose(squares.mean(axis=1), expected, atol=0.1)
    # The mean size of a normal variable is √(2/π) of its deviation.
    assert shapes[0].mean() == pytest.approx(np.sqrt(2 / np.pi), abs=0.01)


def test_neither_colour_nor_contrast_nor_the_surround_count():
    plane = 128 + noise()
    expected = image_features.random_filters(fundus_of(plane), WHOLE)
    other = fundus_of(90 + noise() / 2 * [1, 0.5, 1.5])
    found = image_features.random_filters(other, WHOLE)
    np.testing.assert_allclose(found, expected, atol=0.01)
    inside = WHOLE.copy()
    inside[:, 40:] = False
    dark, light = (
        image_features.random_filters(
            fundus_of(np.where(inside[..., None], plane, level)), inside
        )
        for level in (0, 255)
    )
    np.testing.assert_array_equal(dark, light)
    blurred = image_features.random_filters(
        fundus_of(128 + noise(sharp=False)), WHOLE
    )
    assert np.abs(blurred - expected).max() > 0.3


def test_nothing_inside_has_features_that_are_finite():
    flat = np.full((SIDE, SIDE, 3), 100, np.uint8)
    found = image_features.random_filters(flat, ~WHOLE)
    assert not found.any()
    assert np.isfinite(image_features.random_filters(flat, WHOLE)).all()
    assert not image_features.colour_field(flat, ~WHOLE).any()


def test_the_colour_field_is_of_means():
    fundus = np.zeros((32, 32, 3), np.uint8)  # Cells of 2 × 2 pixels.
    fundus[0, 0], fundus[0, 1] = (100, 0, 0), (200, 0, 0)
    inside = np.zeros((32, 32), bool)
    inside[0, :2] = True
    inside[4, 4] = True  # A quarter of a cell.
    field = image_features.colour_field(fundus, inside).reshape(16, 16, 3)
    np.testing.assert_allclose(field[0, 0], [150 / 127.5 - 1, -1, -1])
    assert not field[1:].any() and not field[0, 1:].any()


def test_cells_count_from_a_given_share_on():
    fundus = np.full((8, 8, 3), 40, np.uint8)
    where = np.zeros((8, 8), bool)
    where[0, 0] = True
    levels, inside = image_features.cell_means(fundus, where, 4, 0.25)
    assert inside.sum() == 1 and inside[0, 0]
    np.testing.assert_allclose(levels[0, 0], 40)
    assert not image_features.cell_means(fundus, where, 4)[1].any()
