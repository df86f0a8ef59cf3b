"""Grounds of images that are drawn."""

import numpy as np
import pytest

from migan_tf.metrics import grounds

SIDE = 128
WHOLE = np.ones((SIDE, SIDE), bool)
NOTHING = ~WHOLE


def grey(level):
    return np.full((SIDE, SIDE, 3), level, np.uint8)


def test_vessels_are_no_part_of_the_ground():
    vessel_map = NOTHING.copy()
    vessel_map[60:63] = True
    fundus = grey(100)
    fundus[vessel_map] = 0
    levels, inside = grounds.ground(fundus, WHOLE, vessel_map)
    assert levels.shape == (32, 32, 3)
    np.testing.assert_allclose(levels[inside], 100)
    # Rows 57 to 65 are vessel and margin: cells 15 and 16 of four rows, all
    # but one row of cell 14 and two of cell 16.
    assert not inside[15].any()
    assert inside[14].all() and inside[16].all()


def lit(coefficients, level=100.0):
    """Cells of an even ground under a light: 1, x, y, x², y², xy."""
    y, x = np.meshgrid(*[np.linspace(-1, 1, 32)] * 2, indexing="ij")
    terms = (1, x, y, x**2, y**2, x * y)
    plane = level + sum(c * t for c, t in zip(coefficients, terms, strict=True))
    return np.stack([plane, 2 * plane, plane - 7], axis=-1)


EVERY_CELL = np.ones((32, 32), bool)
# A wave whose sums with 1, x, y, x², y² and xy are 0 over all pairs of rows
# and of columns: no light has any part of it.
WAVE = np.tile([[1, -1, -1, 1, -1, 1, 1, -1]], (32, 4))[..., None]


def test_a_light_is_taken_away_whole_and_nothing_else():
    left = grounds.without_light(lit((3, -20, 8, 30, -11, 5)), EVERY_CELL)
    np.testing.assert_allclose(left, np.zeros((1024, 3)), atol=1e-9)
    wavy = lit((3, -20, 8, 30, -11, 5)) + 4 * WAVE
    left = grounds.without_light(wavy, EVERY_CELL)
    np.testing.assert_allclose(left.reshape(32, 32, 3), 4 * WAVE + [0, 0, 0])


def test_a_repeated_disc_is_seen_under_any_light_and_fov():
    y, x = np.indices((32, 32))
    disc = 60.0 * (np.hypot(y - 16, x - 24) < 3)[..., None]
    one = (lit((0, 0, 0, 0, 0, 0)) + disc, EVERY_CELL)
    fov = np.hypot(y - 15.5, x - 15.5) < 14
    other = (lit((9, -30, 12, -25, 8, 6), level=80) + disc, fov)
    assert grounds.distance(one, other) == pytest.approx(0, abs=1e-9)
    # With the disc elsewhere, as light as before.
    moved = (lit((0, 0, 0, 0, 0, 0)) + disc[:, ::-1], EVERY_CELL)
    assert grounds.distance(one, moved) > 8


def test_a_distance_is_over_what_both_have():
    left = EVERY_CELL.copy()
    left[:, :16] = False
    bare = np.full((32, 32, 3), 100.0)
    one, other = (bare + 5 * WAVE, left), (bare, EVERY_CELL)
    # The wave has the size 5 in every cell, in the right half also.
    assert grounds.distance(one, other) == pytest.approx(5)
    assert grounds.distance(one, (bare, ~left)) == np.inf
    # Six cells are fitted exactly, and say nothing.
    few = ~EVERY_CELL
    few[3, :6] = True
    assert grounds.distance((bare, few), other) == np.inf


def test_every_ground_is_compared_with_every_other():
    bare = np.full((32, 32, 3), 100.0)
    known = [(bare + x * WAVE, EVERY_CELL) for x in (0, 3, 10)]
    table = grounds.distance_table(known[:2], known)
    np.testing.assert_allclose(table, [[0, 3, 10], [3, 0, 7]], atol=1e-9)
    assert grounds.distance_table(known, []).shape == (3, 0)


def test_the_spread_is_a_deviation_over_images():
    known = [grounds.ground(grey(x), WHOLE, NOTHING) for x in (10, 13)]
    # Squares of 1.5 and 1.5 over 2 - 1.
    assert grounds.spread(known) == pytest.approx(np.sqrt(4.5))
    assert np.isnan(grounds.spread(known[:1]))
    apart = [known[0], (known[1][0], ~known[1][1])]
    assert np.isnan(grounds.spread(apart))


def test_a_spread_without_light_is_that_of_the_structure():
    known = [
        (lit((0, c, 0, -c, c, 0)) + s * WAVE, EVERY_CELL)
        for c, s in ((0, 0), (20, 3), (-9, 6))
    ]
    found = grounds.spread(known, light=False)
    assert found == pytest.approx(3)  # Of 0, 3 and 6, by hand.
    assert grounds.spread(known) > 5
