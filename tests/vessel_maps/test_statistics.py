"""Statistics of shapes whose density, width and bend are known."""

import math

import cv2
import numpy as np
import pytest

from migan_tf.vessel_maps import statistics

WHOLE = np.ones((200, 300), bool)
# The diameter of the circle with the area of WHOLE.
DIAMETER = math.sqrt(4 * 60000 / math.pi)


def bar(row, height, width=200):
    plane = np.zeros(WHOLE.shape, bool)
    plane[row : row + height, 50 : 50 + width] = True
    return plane


def arc(degrees, start=0):
    """A stroke along a circle of radius 80."""
    plane = np.zeros(WHOLE.shape, np.uint8)
    end = start + degrees
    cv2.ellipse(
        plane,
        (150, 100),
        (80, 80),
        angle=0,
        startAngle=start,
        endAngle=end,
        color=1,
        thickness=3,
    )
    return plane > 0


def test_a_straight_bar():
    found = statistics.measure(bar(90, 5), WHOLE)
    assert found.density == 5 * 200 / 60000
    assert found.branching == 0
    # Five rows: between 5 and 6, and narrower only at the ends.
    assert np.median(found.calibres) * DIAMETER == pytest.approx(5.5)
    np.testing.assert_allclose(found.tortuosities, 0, atol=1e-9)
    assert found.segment_lengths * DIAMETER == pytest.approx(196, abs=4)


def test_a_slanted_line_is_straight():
    plane = np.zeros(WHOLE.shape, np.uint8)
    cv2.line(plane, (20, 30), (270, 130), color=1, thickness=3)
    found = statistics.measure(plane > 0, WHOLE)
    # Through all pixels the stairs would add 8 %.
    assert found.summary()["tortuosity"] < 0.01
    length = math.hypot(250, 100) / DIAMETER
    assert found.segment_lengths.sum() == pytest.approx(length, rel=0.02)


@pytest.mark.parametrize("degrees", [60, 120, 180])
@pytest.mark.parametrize("start", [0, 25])
def test_an_arc_over_its_chord(degrees, start):
    found = statistics.measure(arc(degrees, start), WHOLE)
    half = math.radians(degrees) / 2
    expected = half / math.sin(half) - 1  # 0.047, 0.209, 0.571
    assert found.summary()["tortuosity"] == pytest.approx(expected, abs=0.02)


def test_long_segments_count_more_and_short_ones_not_at_all():
    drawn = arc(60, 0) | bar(10, 3, 240) | bar(2, 1, 10)
    found = statistics.measure(drawn, WHOLE)
    assert sorted(found.segment_lengths * DIAMETER) == pytest.approx(
        [83.8, 240], abs=6
    )
    expected = 0.0472 * 83.8 / (83.8 + 240)
    assert found.summary()["tortuosity"] == pytest.approx(expected, abs=0.005)


def test_a_ring_is_not_tortuous():
    found = statistics.measure(arc(360), WHOLE)
    assert found.tortuosities.size == 0
    assert math.isnan(found.summary()["tortuosity"])


def test_two_junctions_on_a_vessel():
    drawn = bar(100, 1, 200)
    drawn[40:100, 100] = drawn[100:160, 180] = True
    found = statistics.measure(drawn, WHOLE)
    assert found.branching == pytest.approx(2 * DIAMETER / 320, rel=0.02)


def test_only_the_field_of_view_counts():
    fov_mask = WHOLE.copy()
    fov_mask[:, 150:] = False
    found = statistics.measure(bar(90, 5), fov_mask)
    assert found.density == 5 * 100 / 30000
    diameter = statistics.fov_diameter(fov_mask)
    assert diameter == pytest.approx(DIAMETER / math.sqrt(2))
    assert found.segment_lengths * diameter == pytest.approx(96, abs=4)


def test_the_same_map_larger_measures_the_same():
    small = arc(120) | bar(10, 5) | bar(40, 9)
    large = np.kron(small, np.ones((3, 3))) > 0
    pair = [
        statistics.measure(plane, np.ones_like(plane)).summary()
        for plane in (small, large)
    ]
    for name in ("density", "calibre", "tortuosity", "branching"):
        assert pair[0][name] == pytest.approx(pair[1][name], rel=0.15), name


def sample(*rows):
    return [
        statistics.VesselStatistics(
            density,
            np.array(calibres),
            tortuosities=np.array(tortuosities),
            segment_lengths=np.array(lengths),
            branching=branching,
        )
        for density, calibres, tortuosities, lengths, branching in rows
    ]


def test_distances_by_hand():
    first = sample(
        (0.1, [2.0, 4.0], [0.0, 1.0], [3.0, 1.0], 5.0),
        (0.3, [3.0], [0.5], [7.0], 9.0),
    )
    second = sample((0.1, [3.0], [0.0], [1.0], 9.0))
    found = statistics.distances(first, second)
    # Of all the mass, how much has to go how far: every map holds a half.
    assert found == pytest.approx(
        {
            "density": 0.5 * 0.2,
            "calibre": 0.5 * (0.5 * 1 + 0.5 * 1),
            "tortuosity": 0.5 * 0.25 * 1 + 0.5 * 0.5,
            "branching": 0.5 * 4,
        }
    )
    for value in statistics.distances(first, first).values():
        assert value == 0


@pytest.mark.parametrize("fov_mask", [np.ones((4, 5)), np.zeros((4, 4))])
def test_what_cannot_be_measured_is_refused(fov_mask):
    with pytest.raises(ValueError, match="Received: .*pixels inside"):
        statistics.measure(np.zeros((4, 4), bool), fov_mask > 0)


def test_a_map_without_vessels():
    found = statistics.measure(np.zeros_like(WHOLE), WHOLE)
    assert found.density == found.branching == 0
    assert math.isnan(found.summary()["calibre"])


def test_thin_and_wide_vessels_are_measured_apart():
    thin, wide = bar(20, 3, 150), bar(100, 9, 220)
    # 6 pixels, between 3 and 9.
    found = statistics.measure_by_width(thin | wide, WHOLE, 6 / DIAMETER)
    assert found["thin"].density == pytest.approx(3 * 150 / 60000)
    assert found["wide"].density == pytest.approx(9 * 220 / 60000)
    for name, drawn in (("thin", thin), ("wide", wide)):
        alone = statistics.measure(drawn, WHOLE)
        np.testing.assert_allclose(found[name].calibres, alone.calibres)
        np.testing.assert_allclose(
            found[name].segment_lengths, alone.segment_lengths
        )


def test_a_thin_branch_is_thin_to_where_it_leaves_the_wide_vessel():
    drawn = bar(100, 9, 220)
    drawn[20:100, 150:152] = True
    found = statistics.measure_by_width(drawn, WHOLE, 6 / DIAMETER)
    # Within the wide vessel, too, some pixels lie nearer to the branch's line:
    # a right angle about its last 4.5 pixels, of 4.5² pixels.
    expected = 2 * 80 + 4.5**2
    assert found["thin"].density * 60000 == pytest.approx(expected, abs=6)
    assert found["thin"].branching == 0
    junctions = found["wide"].branching * found["wide"].calibres.size
    assert junctions == pytest.approx(DIAMETER)


@pytest.mark.parametrize("wide_from", [0.0, 0.006, 0.02, 1.0])
def test_the_parts_are_the_whole(wide_from):
    drawn = arc(120) | bar(10, 5) | bar(40, 9) | bar(150, 1)
    drawn[20:180, 170] = True
    whole = statistics.measure(drawn, WHOLE)
    found = statistics.measure_by_width(drawn, WHOLE, wide_from)
    assert found["all"].summary() == whole.summary()
    thin, wide = found["thin"], found["wide"]
    assert thin.density + wide.density == pytest.approx(whole.density)
    assert sorted([*thin.calibres, *wide.calibres]) == sorted(whole.calibres)
    assert sorted([*thin.segment_lengths, *wide.segment_lengths]) == sorted(
        whole.segment_lengths
    )
    junctions = [
        part.branching * part.calibres.size for part in (whole, thin, wide)
    ]
    assert junctions[1] + junctions[2] == pytest.approx(junctions[0])


def test_a_map_without_vessels_has_none_of_either():
    found = statistics.measure_by_width(np.zeros_like(WHOLE), WHOLE)
    for part in found.values():
        assert part.density == 0 and part.branching == 0
        assert math.isnan(part.summary()["calibre"])
