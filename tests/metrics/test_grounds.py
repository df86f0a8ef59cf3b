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


def test_a_distance_is_over_what_both_have():
    left, right = WHOLE.copy(), WHOLE.copy()
    left[:, :64], right[:, 96:] = False, False
    fundus = grey(100)
    fundus[:, 64:80] = 104
    one = grounds.ground(fundus, left, NOTHING)
    other = grounds.ground(grey(100), right, NOTHING)
    # Half of the 32 columns that both have differ by 4.
    assert grounds.distance(one, other) == pytest.approx(np.sqrt(8))
    assert grounds.distance(one, (other[0], ~one[1])) == np.inf


def test_the_nearest_of_several_and_never_itself():
    known = [grounds.ground(grey(x), WHOLE, NOTHING) for x in (10, 13, 20)]
    found = grounds.nearest_distances(known[:1], known[1:])
    assert found.tolist() == pytest.approx([3])
    found = grounds.nearest_distances(known, known, exclude_self=True)
    assert found.tolist() == pytest.approx([3, 3, 7])
    assert grounds.nearest_distances(known, [])[0] == np.inf


def test_the_spread_is_a_deviation_over_images():
    known = [grounds.ground(grey(x), WHOLE, NOTHING) for x in (10, 13)]
    assert grounds.spread(known) == pytest.approx(1.5)
    assert np.isnan(grounds.spread(known[:1]))
    apart = [known[0], (known[1][0], ~known[1][1])]
    assert np.isnan(grounds.spread(apart))
