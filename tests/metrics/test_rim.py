"""Rims that are drawn, with known levels and faults."""

import numpy as np
import pytest

from migan_tf.base import image_files
from migan_tf.metrics import rim

SIDE = 200
ROWS, COLUMNS = np.indices((SIDE, SIDE))
RADIUS = np.hypot(ROWS - 99.5, COLUMNS - 99.5)
DISC = RADIUS <= 80


def fundus_of(plane):
    return np.repeat(np.round(plane)[..., None], 3, -1).astype(np.uint8)


def test_the_distance_counts_from_between_the_pixels():
    half = COLUMNS >= 5
    depth = rim.signed_distance(half)
    assert depth[9, 3:8].tolist() == [-1.5, -0.5, 0.5, 1.5, 2.5]
    # A FOV that reaches the frame has no edge there.
    assert depth[0, 100] == depth[100, 100] == 95.5


def test_a_step_is_a_step():
    profile = rim.rim_profile(fundus_of(120 * DISC), DISC)
    distances = rim.distances()
    assert distances[[0, 8, -1]].tolist() == [-7.5, 0.5, 15.5]
    np.testing.assert_allclose(profile, distances > 0, atol=1e-6)


def test_a_ramp_of_light_is_read_by_its_distance():
    """From 0 at the edge to 160 at 16 pixels, and 160 from there on."""
    plane = np.clip(10 * (80 - RADIUS), 0, 160)
    profile = rim.rim_profile(fundus_of(plane), DISC)
    expected = np.clip(rim.distances() / 16, 0, 1)
    np.testing.assert_allclose(profile, expected, atol=0.04)


def test_a_clean_rim_has_no_fault():
    fundus = fundus_of(120 * DISC)
    assert rim.rim_shares(fundus, DISC) == (0, 0)
    assert not rim.rim_fault(fundus, DISC)


def test_a_dark_notch_is_a_fault():
    fundus = fundus_of(120 * DISC)
    notch = (abs(ROWS - 99.5) < 20) & (RADIUS > 60) & (COLUMNS > 100) & DISC
    fundus[notch] = (29, 20, 10)
    dark, stray = rim.rim_shares(fundus, DISC)
    # The notch covers 40 of a circumference of 2π · 75.
    assert dark == pytest.approx(40 / (2 * np.pi * 75), rel=0.1)
    assert stray == 0 and rim.rim_fault(fundus, DISC)
    # In one channel there is light.
    fundus[notch] = (30, 0, 0)
    assert rim.rim_shares(fundus, DISC) == (0, 0)


def test_where_the_image_itself_is_dark_no_rim_is_missed():
    assert rim.rim_shares(fundus_of(20 * DISC), DISC) == (0, 0)
    profile = rim.rim_profile(fundus_of(0 * ROWS), DISC)
    assert np.isnan(profile).all()


def test_a_glow_outside_is_a_fault():
    fundus = fundus_of(np.where(DISC, 120, 29))
    assert not rim.rim_fault(fundus, DISC)
    fundus[:4, :50] = 30
    outside = rim.signed_distance(DISC) < -2
    dark, stray = rim.rim_shares(fundus, DISC)
    assert (dark, stray) == (0, pytest.approx(200 / outside.sum()))
    assert rim.rim_fault(fundus, DISC)
    # Resampling mixes light into the first pixels outside.
    fringe = fundus_of(120 * (RADIUS <= 81.5))
    assert not rim.rim_fault(fringe, DISC)


def test_a_full_frame_has_no_outside():
    full = np.ones((SIDE, SIDE), bool)
    assert rim.rim_shares(fundus_of(120 + 0 * ROWS), full) == (0, 0)
    profile = rim.rim_profile(fundus_of(120 + 0 * ROWS), full)
    assert np.isnan(profile).all()


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("part", ["training", "test"])
def test_no_photograph_of_drive_has_a_fault(real_data, part):
    folder = real_data / "DRIVE" / part
    paths = sorted((folder / "images").iterdir())
    assert len(paths) == 20
    for path in paths:
        number = path.name[:2]
        fundus = image_files.read_photograph(image_files.image_file(path))
        (inside,) = (folder / "mask").glob(f"{number}*")
        fov_mask = image_files.read_plane(image_files.image_file(inside)) > 0
        dark, stray = rim.rim_shares(fundus, fov_mask)
        assert dark == 0 and stray < 0.002, path.name
        assert not rim.rim_fault(fundus, fov_mask)
