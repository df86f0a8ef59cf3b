"""Contrast of vessels that are drawn with a known depth and noise."""

import numpy as np
import pytest

from migan_tf.metrics import vessel_contrast

SIDE = 256
FRAME = np.ones((SIDE, SIDE), bool)
ROWS, COLUMNS = np.indices((SIDE, SIDE))
THIN = (COLUMNS == 60) & (abs(ROWS - 128) < 100)
THICK = (abs(COLUMNS - 180) <= 3) & (abs(ROWS - 128) < 100)


def drawn(thin, thick, noise=6.0):
    """A slope with noise, and vessels darker by `thin` and `thick`."""
    rng = np.random.default_rng(2)
    plane = 120 + rng.normal(0, noise, (SIDE, SIDE)) - thin * THIN
    plane -= thick * THICK
    fundus = np.zeros((SIDE, SIDE, 3), np.uint8)
    fundus[..., 1] = np.round(plane)
    return fundus


def test_contrast_is_the_depth_over_the_noise():
    found = vessel_contrast.contrast_to_noise(
        drawn(thin=12, thick=30), FRAME, THIN | THICK, thick_width=3
    )
    assert found["thin"] == pytest.approx(12 / 6, abs=0.15)
    assert found["thick"] == pytest.approx(30 / 6, abs=0.15)
    # A mean of three with a third of the variance: 2 ± 0.58, seldom below ½.
    assert found["invisible_thin"] < 0.03


def test_half_a_vessel_that_is_not_there():
    depth = np.where(ROWS < 128, 24, 0)
    found = vessel_contrast.contrast_to_noise(
        drawn(thin=depth, thick=30), FRAME, THIN | THICK, thick_width=3
    )
    assert found["thin"] == pytest.approx(2, abs=0.15)
    # Means of three about 0 with deviation 1/√3: below ½ are Φ(0.87) = 0.81.
    assert found["invisible_thin"] == pytest.approx(0.81 / 2, abs=0.06)


def test_what_is_not_there_has_no_figure():
    found = vessel_contrast.contrast_to_noise(
        drawn(thin=12, thick=30), FRAME, THICK, thick_width=3
    )
    assert np.isnan(found["thin"]) and np.isnan(found["invisible_thin"])
    assert found["thick"] == pytest.approx(5, abs=0.15)
    flat = vessel_contrast.contrast_to_noise(
        drawn(thin=0, thick=0, noise=0), FRAME, THICK, thick_width=3
    )
    assert np.isnan(list(flat.values())).all()


def test_the_ground_is_that_beside_the_vessel():
    """A step of 40 grey levels far from either half changes neither."""
    fundus = np.full((SIDE, SIDE, 3), 100, np.uint8)
    fundus[:, 128:] = 140
    fundus[THICK] = 20
    means, deviations = vessel_contrast.local_ground(fundus, FRAME, THICK)
    assert means[128, 60] == pytest.approx(100)
    # In the vessel itself; its own level has no part.
    assert means[128, 180] == pytest.approx(140)
    assert deviations[128, 180] == pytest.approx(0, abs=1e-4)
    # 19 columns, of which 9 are of the one level and 10 of the other.
    assert means[60, 128] == pytest.approx((9 * 100 + 10 * 140) / 19)
    assert deviations[60, 128] == pytest.approx(40 * np.sqrt(90) / 19)


def test_a_wider_margin_leaves_out_what_lies_beside_a_vessel():
    fundus = np.full((SIDE, SIDE, 3), 100, np.uint8)
    fundus[:, 63:66] = 70  # Three to five pixels beside the thin vessel.
    near, far = (
        vessel_contrast.local_ground(fundus, FRAME, THIN, margin=margin)
        for margin in (2, 5)
    )
    # 19 columns without five, three of them dark; or without eleven, none.
    assert near[0][128, 60] == pytest.approx(100 - 30 * 3 / 14)
    assert far[0][128, 60] == pytest.approx(100)
    assert far[1][128, 60] == pytest.approx(0, abs=1e-4)


def test_a_window_without_ground_has_none():
    means, deviations = vessel_contrast.local_ground(
        np.full((SIDE, SIDE, 3), 100, np.uint8), FRAME, FRAME
    )
    assert np.isnan(means).all() and np.isnan(deviations).all()


def test_the_flank_of_a_thick_vessel_is_not_thin():
    vessel_map = THIN | THICK
    vessel_map[128, 184] = True  # A bump on the thick one.
    thin, thick = vessel_contrast.calibres(vessel_map, 3)
    np.testing.assert_array_equal(thin, THIN)
    # Its single pixel is as little thick as it is thin.
    np.testing.assert_array_equal(thick, THICK)


def test_the_rim_is_left_out():
    inside = vessel_contrast.inner(COLUMNS >= 56)
    # A fortieth of 256 pixels, about 6.
    assert not inside[:, :62].any() and inside[10:-10, 62:].all()
