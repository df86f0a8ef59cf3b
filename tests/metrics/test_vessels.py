"""Hand-drawn maps with figures that can be counted."""

import math

import numpy as np
import pytest

from migan_tf.metrics import vessels

FRAME = np.ones((20, 20), bool)


def row(number, columns=slice(None)):
    drawn = np.zeros((20, 20), bool)
    drawn[number, columns] = True
    return drawn


def test_half_of_a_leaked_vessel():
    # x_s's vessel is row 15, the painted one row 3: far apart. The segmenter
    # finds half of the one, all of the other, and 20 of the free pixels.
    decision = row(15, slice(10)) | row(3) | row(9)
    leak, chance = vessels.style_leak(
        decision, row(3), style_map=row(15), fov_mask=FRAME
    )
    assert leak == 0.5
    # 20 rows, without rows 1 to 5 and 13 to 17.
    assert chance == 20 / (10 * 20)


def test_what_is_near_the_painted_vessels_does_not_count():
    decision = row(5)
    leak, chance = vessels.style_leak(
        decision, row(3), style_map=row(5), fov_mask=FRAME
    )
    assert math.isnan(leak) and chance == 0
    leak, _ = vessels.style_leak(
        decision, row(2), style_map=row(5), fov_mask=FRAME
    )
    assert leak == 1


def test_nothing_counts_outside_the_field_of_view():
    fov_mask = FRAME.copy()
    fov_mask[:, 10:] = False
    decision = row(15, slice(5))
    leak, chance = vessels.style_leak(
        decision, row(3), style_map=row(15), fov_mask=fov_mask
    )
    # Ten columns are lit, and of those the last is the rim: 20 / 16 pixels.
    assert (leak, chance) == (5 / 9, 0)
    nothing = vessels.style_leak(
        decision, row(3), style_map=row(15), fov_mask=~FRAME
    )
    assert all(math.isnan(share) for share in nothing)


def map_of(text):
    """A map from lines of `#` and `.`."""
    return np.array([[c == "#" for c in line] for line in text.split()])


BAR = map_of("""
    .........
    .#######.
    .#######.
    .#######.
    .........
""")
# Its corners are what no cross covers; its middle is what erosion leaves.
BAR_SKELETON = map_of("""
    .........
    .#.....#.
    ..#####..
    .#.....#.
    .........
""")
MIDDLE = map_of("""
    .........
    .........
    .#######.
    .........
    .........
""")
DIAMOND = map_of("""
    ..#..
    .###.
    #####
    .###.
    ..#..
""")


def test_the_skeleton_of_a_bar_a_line_and_a_diamond():
    found = vessels.skeleton(BAR)
    np.testing.assert_array_equal(found, BAR_SKELETON)
    assert found.dtype == bool
    np.testing.assert_array_equal(vessels.skeleton(MIDDLE), MIDDLE)
    # Two dilations of a point by the cross: that point is its skeleton.
    found = vessels.skeleton(DIAMOND)
    assert np.argwhere(found).tolist() == [[2, 2]]


def test_a_skeleton_ends_where_vessels_touch_the_frame():
    full = vessels.skeleton(np.ones((5, 5), bool))
    diagonals = np.eye(5, dtype=bool) | np.eye(5, dtype=bool)[::-1]
    np.testing.assert_array_equal(full, diagonals)
    assert not vessels.skeleton(np.zeros((4, 3), bool)).any()


def test_centreline_dice_by_hand():
    # Precision: all 7 of the line lie in the bar. Sensitivity: 5 of the
    # bar's 9 skeleton pixels lie on the line. 2 · 5/9 / (1 + 5/9) = 5/7.
    dice = vessels.centreline_dice(BAR, MIDDLE)
    assert dice == pytest.approx(5 / 7)
    assert vessels.centreline_dice(BAR, BAR) == 1
    gap = MIDDLE.copy()
    gap[:, 3:6] = False
    # Precision 1, sensitivity 4/7.
    dice = vessels.centreline_dice(MIDDLE, gap)
    assert dice == pytest.approx(2 * (4 / 7) / (11 / 7))


def test_nothing_to_find_is_no_success():
    nothing = np.zeros_like(BAR)
    assert vessels.centreline_dice(nothing, nothing) == 0
    assert vessels.centreline_dice(BAR, nothing) == 0
    assert vessels.centreline_dice(nothing, BAR) == 0


WIDTHS = map_of("""
    ..............
    .############.
    ..............
    .############.
    .############.
    ..............
    .############.
    .############.
    .############.
    ..............
""")


@pytest.mark.parametrize(
    "width, first_row", [(1, 1), (2, 3), (3, 6), (4, None)]
)
def test_vessels_survive_up_to_their_width(width, first_row):
    expected = WIDTHS.copy()
    expected[:first_row] = False
    found = vessels.thick_vessels(WIDTHS, width)
    np.testing.assert_array_equal(found, expected)


def test_a_disc_of_even_width_does_not_shift_or_fill():
    square = np.zeros((8, 8), bool)
    square[2:6, 1:5] = True
    disc = square.copy()
    disc[[2, 2, 5, 5], [1, 4, 1, 4]] = False
    found = vessels.thick_vessels(square, 4)
    np.testing.assert_array_equal(found, disc)
    full = np.ones((4, 4), bool)
    assert vessels.thick_vessels(full, 2).all()


@pytest.mark.parametrize("width", [0, 2.5])
def test_a_width_that_is_none_is_refused(width):
    with pytest.raises(ValueError, match="`width` must be a whole number"):
        vessels.thick_vessels(BAR, width)
