"""Hand-drawn maps with figures that can be counted."""

import math

import numpy as np

from migan_tf import vessel_metrics

FRAME = np.ones((20, 20), bool)


def row(number, columns=slice(None)):
    drawn = np.zeros((20, 20), bool)
    drawn[number, columns] = True
    return drawn


def test_half_of_a_leaked_vessel():
    # x_s's vessel is row 15, the painted one row 3: far apart. The segmenter
    # finds half of the one, all of the other, and 20 of the free pixels.
    decision = row(15, slice(10)) | row(3) | row(9)
    leak, chance = vessel_metrics.style_leak(decision, row(3), row(15), FRAME)
    assert leak == 0.5
    # 20 rows, without rows 1 to 5 and 13 to 17.
    assert chance == 20 / (10 * 20)


def test_what_is_near_the_painted_vessels_does_not_count():
    decision = row(5)
    leak, chance = vessel_metrics.style_leak(decision, row(3), row(5), FRAME)
    assert math.isnan(leak) and chance == 0
    leak, _ = vessel_metrics.style_leak(decision, row(2), row(5), FRAME)
    assert leak == 1


def test_nothing_counts_outside_the_field_of_view():
    fov_mask = FRAME.copy()
    fov_mask[:, 10:] = False
    decision = row(15, slice(5))
    leak, chance = vessel_metrics.style_leak(
        decision, row(3), row(15), fov_mask
    )
    assert (leak, chance) == (0.5, 0)
    nothing = vessel_metrics.style_leak(decision, row(3), row(15), ~FRAME)
    assert all(math.isnan(share) for share in nothing)
