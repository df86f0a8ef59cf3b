"""Lines, segments and junctions of shapes that are drawn here."""

import cv2
import numpy as np
import pytest
from scipy import ndimage

from migan_tf.vessel_maps import centreline

EVERY_WAY = np.ones((3, 3))


def blobs(seed, smoothness):
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(60, 60))
    return ndimage.gaussian_filter(noise, smoothness) > 0


def strokes(*ends, thickness=1):
    plane = np.zeros((80, 80), np.uint8)
    for start, end in ends:
        cv2.line(plane, start, end, color=1, thickness=thickness)
    return plane > 0


@pytest.mark.parametrize("smoothness", [0, 0.7, 2])
@pytest.mark.parametrize("seed", range(2))
def test_thinning_keeps_pieces_and_holes(seed, smoothness):
    vessel_map = blobs(seed, smoothness)
    lines = centreline.thin(vessel_map)
    assert not (lines & ~vessel_map).any()
    pieces = [ndimage.label(p, EVERY_WAY)[1] for p in (vessel_map, lines)]
    assert pieces[0] == pieces[1]
    around = [ndimage.label(~np.pad(p, 1))[1] for p in (vessel_map, lines)]
    assert around[0] == around[1]
    np.testing.assert_array_equal(centreline.thin(lines), lines)


def test_a_bar_becomes_its_middle():
    bar = np.zeros((20, 60), bool)
    bar[8:13, 10:50] = True  # five high: row 10 is its middle
    lines = centreline.thin(bar)
    np.testing.assert_array_equal(np.nonzero(lines[:, 14:46])[0], [10] * 32)


@pytest.mark.parametrize("width, measured", [(1, 1.5), (2, 1.5), (3, 3.5)])
def test_the_width_of_a_bar(width, measured):
    bar = np.zeros((20, 60), bool)
    bar[8 : 8 + width] = True  # up to the frame's sides
    widths = centreline.trace(bar).widths
    # A width of 2 n - 1 and one of 2 n are told apart by none: 2 n - 1/2.
    assert np.median(widths) == measured


def test_a_fork_is_three_segments_and_a_junction():
    fork = strokes(((40, 40), (40, 70)), ((40, 40), (10, 10)))
    fork |= strokes(((40, 40), (70, 10)))
    line = centreline.trace(fork)
    assert line.junctions == 1
    assert sorted(map(len, line.segments)) == pytest.approx([29] * 3, abs=2)
    for points in line.segments:
        assert np.abs(np.diff(points, axis=0)).max() == 1  # end to end


def test_a_ring_is_one_segment_without_junction():
    ring = np.zeros((60, 60), np.uint8)
    cv2.circle(ring, (30, 30), radius=20, color=1, thickness=3)
    line = centreline.trace(ring > 0)
    assert line.junctions == 0 and len(line.segments) == 1
    assert len(line.segments[0]) == line.lines.sum()


def test_a_spur_is_no_vessel_and_a_branch_is():
    vessel = strokes(((5, 40), (75, 40)), thickness=7)
    spur = vessel | strokes(((40, 40), (40, 34)))
    assert centreline.trace(spur).junctions == 0
    branch = vessel | strokes(((40, 40), (40, 15)))
    assert centreline.trace(branch).junctions == 1


def test_nothing_has_no_line():
    line = centreline.trace(np.zeros((9, 9), bool))
    assert not line.lines.any() and line.widths.size == 0
    assert line.segments == [] and line.junctions == 0
