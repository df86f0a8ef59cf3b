"""Profiles of vessels that are drawn by formula."""

import numpy as np
import pytest

from migan_tf.metrics import cross_section, vessel_contrast

SIDE = 384
FRAME = np.ones((SIDE, SIDE), bool)
ROWS, COLUMNS = np.indices((SIDE, SIDE)) - 191.5
WIDTH_OF_NORMAL = 2 * np.sqrt(2 * np.log(2))  # in standard deviations


def along(degrees, offset=0.0):
    """Signed distance of each pixel from a line through the middle."""
    angle = np.deg2rad(degrees)
    return ROWS * np.cos(angle) - COLUMNS * np.sin(angle) - offset


def drawn(distance, depth, sigma):
    """A vessel with a normal profile on even ground."""
    plane = 150 - depth * np.exp(-((distance / sigma) ** 2) / 2)
    return np.repeat(np.round(plane)[..., None], 3, -1).astype(np.uint8)


@pytest.mark.parametrize("degrees", [0, 25, 45, 90, 130])
def test_a_normal_profile_in_any_direction(degrees):
    distance = along(degrees)
    found = cross_section.cross_sections(
        drawn(distance, depth=60, sigma=3), FRAME, abs(distance) <= 6, 3
    )
    offsets = cross_section.offsets()
    expected = -60 * np.exp(-((offsets / 3) ** 2) / 2)
    np.testing.assert_allclose(found["thick"], expected, atol=3)
    width = cross_section.full_width(found["thick"])
    assert width == pytest.approx(3 * WIDTH_OF_NORMAL, abs=0.2)
    assert np.isnan(found["thin"]).all()


def test_a_thin_vessel_that_is_annotated_beside_itself():
    found = []
    for beside in (0, 2):
        fundus = drawn(along(0, offset=0.5 + beside), depth=30, sigma=1)
        vessel_map = abs(along(0, offset=0.5)) < 0.6
        profiles = cross_section.cross_sections(fundus, FRAME, vessel_map, 3)
        found.append(profiles["thin"])
    np.testing.assert_allclose(*found, atol=0.5)
    width = cross_section.full_width(found[1])
    assert width == pytest.approx(WIDTH_OF_NORMAL, abs=0.2)


def noisy(plane, seed=0):
    """A plane of grey levels with noise of deviation 6."""
    noise = np.random.default_rng(seed).normal(0, 6, plane.shape)
    levels = np.clip(np.round(plane + noise), 0, 255).astype(np.uint8)
    return np.repeat(levels[..., None], 3, -1)


def contrast_of(depth, beside=0):
    """Both contrasts of a vessel that is annotated beside itself."""
    line = along(0, offset=0.5 + beside)
    fundus = noisy(150 - depth * np.exp(-((line / 1.5) ** 2) / 2))
    vessel_map = abs(along(0, offset=0.5)) < 0.6
    arguments = (fundus, FRAME, vessel_map)
    return (
        cross_section.centred_contrast(*arguments, thick_width=3),
        vessel_contrast.contrast_to_noise(*arguments, thick_width=3),
    )


def test_contrast_does_not_fade_with_the_annotation():
    (centred, annotated), (aside, annotated_aside) = (
        contrast_of(depth=30, beside=beside) for beside in (0, 2)
    )
    assert centred["thin"] == pytest.approx(30 / 6, rel=0.07)
    assert aside["thin"] == pytest.approx(30 / 6, rel=0.07)
    assert annotated["thin"] == pytest.approx(30 / 6, rel=0.07)
    # Two pixels beside, the profile is down to exp(-(2 / 1.5)² / 2) = 0.41,
    # and its flank makes the ground uneven.
    assert 0.3 * 5 < annotated_aside["thin"] < 0.41 * 5
    assert centred["invisible_thin"] == aside["invisible_thin"] == 0
    assert np.isnan(centred["thick"])


def test_what_is_not_there_stays_invisible():
    """The darkest of 0.2 deviations of smoothed noise is no vessel."""
    centred, annotated = contrast_of(depth=0)
    assert abs(annotated["thin"]) < 0.15
    # The darkest of five pixels of the smoothed noise, not of the noise.
    assert 0.1 < centred["thin"] < 0.6
    assert centred["invisible_thin"] > 0.5


def test_a_flat_ground_and_no_vessel_have_no_contrast():
    flat = np.full((SIDE, SIDE, 3), 90, np.uint8)
    for vessel_map in (abs(along(0)) < 2, ~FRAME):
        found = cross_section.centred_contrast(flat, FRAME, vessel_map, 3)
        assert set(found) == {"thin", "thick", "invisible_thin"}
        assert np.isnan(list(found.values())).all()


def test_a_neighbour_is_no_part_of_a_profile():
    first, second = along(0, offset=-4), along(0, offset=4)
    vessel_map = (abs(first) < 1) | (abs(second) < 1)
    plane = np.where(vessel_map, 50, 150)
    fundus = np.repeat(plane[..., None], 3, -1).astype(np.uint8)
    found = cross_section.cross_sections(fundus, FRAME, vessel_map, 3)
    profile = dict(zip(cross_section.offsets(), found["thin"], strict=True))
    assert profile[0] < -90
    # Four pixels on there is only ground; eight on were the neighbour.
    assert profile[4] == pytest.approx(0, abs=1e-6)
    assert profile[-4] == pytest.approx(0, abs=1e-6)
    assert abs(profile[10]) < 6  # Cubic interpolation overshoots a little.
    assert np.isnan(profile[8]) or abs(profile[8]) < 6


def test_the_full_width_of_a_triangle_and_of_what_has_none():
    offsets = cross_section.offsets()
    triangle = np.minimum(0, 2 * abs(offsets) - 7)
    # Half of 7 is reached 1.75 pixels to either side.
    assert cross_section.full_width(triangle) == pytest.approx(3.5)
    assert np.isnan(cross_section.full_width(-triangle))
    assert np.isnan(cross_section.full_width(np.full(len(offsets), -3.0)))
    assert np.isnan(cross_section.full_width(np.full(len(offsets), np.nan)))


def test_no_vessel_has_no_profile():
    fundus = np.full((SIDE, SIDE, 3), 90, np.uint8)
    found = cross_section.cross_sections(fundus, FRAME, ~FRAME, 3)
    assert all(np.isnan(profile).all() for profile in found.values())
    # A dot has no direction.
    dot = ~FRAME
    dot[90, 90] = True
    found = cross_section.cross_sections(fundus, FRAME, dot, 3)
    assert np.isnan(found["thin"]).all()
