import collections
import math

import numpy as np
import pytest

from migan_tf.phantom import retina
from migan_tf.phantom.vessel_tree import ARTERY, VEIN


@pytest.fixture(scope="module")
def trees():
    return [retina.phantom_tree(seed) for seed in range(3)]


def branchings(tree):
    """Each parent with the list of its daughters."""
    daughters = collections.defaultdict(list)
    for segment in tree.segments:
        if segment.parent >= 0:
            daughters[segment.parent].append(segment)
    return [(tree.segments[i], found) for i, found in daughters.items()]


def heading(points):
    """Direction of a segment's first step, radians."""
    dx, dy = points[1] - points[0]
    return math.atan2(dy, dx)


def test_vessels_divide_in_two_where_they_end(trees):
    for tree in trees:
        assert len(branchings(tree)) > 80
        for parent, daughters in branchings(tree):
            assert len(daughters) == 2 and not parent.terminal
            for daughter in daughters:
                assert daughter.kind == parent.kind
                np.testing.assert_array_equal(
                    daughter.points[0], parent.points[-1]
                )


def test_every_vessel_hangs_on_one_of_four_trunks(trees):
    for tree in trees:
        roots = [s for s in tree.segments if s.parent == -1]
        kinds = collections.Counter(root.kind for root in roots)
        assert kinds == {ARTERY: 2, VEIN: 2}
        # A parent is entered before its daughters: there is no circle.
        assert all(s.parent < i for i, s in enumerate(tree.segments))


def test_murrays_law_at_every_branching(trees):
    for tree in trees:
        for parent, daughters in branchings(tree):
            r0, (r1, r2) = parent.radii[-1], [d.radii[0] for d in daughters]
            assert r1**3 + r2**3 == pytest.approx(r0**3, rel=1e-6)
            assert r0 > r1 >= r2


def test_daughters_leave_at_murrays_angles(trees):
    # The angle between the two, seen in the drawing: a first step may bend by
    # at most 11 radians per unit x 0.008, twice.
    for tree in trees:
        for parent, daughters in branchings(tree):
            starts = [daughter.points for daughter in daughters]
            if min(len(points) for points in starts) < 2:
                continue
            between = math.remainder(
                heading(starts[0]) - heading(starts[1]), 2 * math.pi
            )
            r0, (r1, r2) = parent.radii[-1], [d.radii[0] for d in daughters]
            cosine = (r0**4 - r1**4 - r2**4) / (2 * r1**2 * r2**2)
            assert abs(between) == pytest.approx(math.acos(cosine), abs=0.18)


def test_vessels_taper(trees):
    for tree in trees:
        for segment in tree.segments:
            assert (np.diff(segment.radii) < 0).all()
            assert segment.radii[-1] >= 0.9 * retina.MIN_RADIUS


def test_arteries_have_two_thirds_of_the_veins_calibre():
    ratios = []
    for seed in range(10):
        # Nothing but trunks and arcades: quick to grow.
        tree = retina.phantom_tree(seed, 0.009)
        roots = [s for s in tree.segments if s.parent < 0]
        radii = {
            kind: np.mean([s.radii[0] for s in roots if s.kind == kind])
            for kind in (ARTERY, VEIN)
        }
        ratios.append(radii[ARTERY] / radii[VEIN])
    assert 0.55 < min(ratios) and max(ratios) < 0.80
    assert np.mean(ratios) == pytest.approx(2 / 3, abs=0.03)


def test_no_vessel_on_the_fovea(trees):
    for tree in trees:
        points = np.concatenate([s.points for s in tree.segments])
        distance = np.hypot(*(points - tree.anatomy.fovea).T)
        assert distance.min() >= tree.anatomy.avascular_radius


def test_vessels_of_a_kind_do_not_run_side_by_side(trees):
    for tree in trees:
        for kind in (ARTERY, VEIN):
            ends = [
                s
                for s in tree.segments
                if s.kind == kind and s.terminal and len(s.points) > 20
            ]
            for i, one in enumerate(ends):
                for other in ends[:i]:
                    apart = np.hypot(
                        *(one.points[10:, None] - other.points[None]).T
                    ).min(0)
                    assert np.mean(apart < 0.015) < 0.5


def test_vessels_reach_the_temporal_half_in_both_halves(trees):
    for tree in trees:
        points = np.concatenate([s.points for s in tree.segments])
        temporal = points[points[:, 0] < tree.anatomy.fovea[0] - 0.2]
        assert temporal[:, 1].min() < -0.2 and temporal[:, 1].max() > 0.2
