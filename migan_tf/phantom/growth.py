"""Grows the vessel trees of an eye from the disc, branching by branching.

Thick vessels grow first, and thin ones fill what is left. How the growing end
of a vessel moves is in `steering`.
"""

import heapq
import math

import numpy as np

from migan_tf.phantom.anatomy import (
    INNER,
    NASAL,
    TEMPORAL,
    TRUNK,
    Anatomy,
    draw_branch,
    draw_interval,
    raphe_target,
)
from migan_tf.phantom.steering import Steering, Tip
from migan_tf.phantom.vessel_tree import (
    ARTERY,
    VEIN,
    Segment,
    VesselTree,
    murray_angles,
    murray_radii,
)


class Grower:
    """Grows all vessels of one eye, the thickest tip first.

    Args:
      eye: the eye's anatomy.
      rng: the source of randomness.
      min_radius: radius at which vessels end, in radii of the field of view.
    """

    def __init__(self, eye: Anatomy, rng: np.random.Generator, min_radius):
        self.eye = eye
        self.rng = rng
        self.min_radius = min_radius
        self.steering = Steering(eye, rng, min_radius)
        self.segments, self.queue = [], []

    def grow(self) -> VesselTree:
        """Plants the four trunks and grows until no tip is left."""
        self._plant_trunks()
        while self.queue:
            self._grow_segment(heapq.heappop(self.queue)[2])
        return VesselTree(self.eye, tuple(self.segments))

    def _push(self, **fields) -> None:
        """Queues a tip and keeps a place for the segment that it will grow."""
        index = len(self.segments)
        self.segments.append(None)
        tip = Tip(index=index, **fields)
        heapq.heappush(self.queue, (-tip.radius, index, tip))

    def _plant_trunks(self) -> None:
        """Plants a superior and an inferior trunk of each kind on the disc.

        The central vessels divide inside the nerve, out of the photograph's
        plane; that is why the four trunks have no parent.
        """
        rng, disc = self.rng, self.eye.disc
        # The arcade of one kind lies outside the other's, in each half.
        apart = rng.choice([-1, 1], 2) * rng.uniform(0.06, 0.13, 2)
        for kind, sign in ((VEIN, 1), (ARTERY, -1)):
            x = disc[0] + 0.02 - 0.018 * sign + rng.normal(0, 0.006)
            y = disc[1] + rng.normal(0, 0.012)
            for half in (-1, 1):
                radius = self.eye.vein_radius * rng.uniform(0.94, 1.06)
                if kind == ARTERY:
                    radius *= self.eye.calibre_ratio
                self._push(
                    parent=-1,
                    kind=kind,
                    course=TRUNK,
                    half=half,
                    x=x,
                    y=y,
                    heading=half * math.pi / 2 + rng.normal(0, 0.25),
                    radius=radius,
                    until_branch=draw_interval(self.eye, TRUNK, rng),
                    height_scale=1 + sign * apart[(half + 1) // 2],
                    trunk_radius=radius,
                )

    def _grow_segment(self, tip: Tip) -> None:
        """Grows a tip until it branches or ends, and enters its segment."""
        points, radii = [(tip.x, tip.y)], [tip.radius]
        branched = False
        while not self.steering.must_end(tip):
            self.steering.advance(tip)
            points.append((tip.x, tip.y))
            radii.append(tip.radius)
            if tip.until_branch <= 0 and (branched := self._branch(tip)):
                break
        points, radii = np.array(points), np.array(radii)
        inside = np.hypot(tip.x, tip.y) < 1
        terminal = bool(inside and not branched)
        if terminal:
            # A vessel does not end blunt: it thins out over its last stretch.
            goal = min(1.0, self.min_radius / radii[-1])
            radii *= 1 - (1 - goal) * np.linspace(0, 1, len(radii)) ** 2
        self.steering.enter(tip.kind, points)
        self.segments[tip.index] = Segment(
            tip.kind, points, radii=radii, parent=tip.parent, terminal=terminal
        )

    def _branch(self, tip: Tip) -> bool:
        """Divides a tip by Murray's law where there is room; says whether."""
        ratio, side, courses = draw_branch(self.eye, tip, self.rng)
        larger, smaller = murray_radii(tip.radius, ratio)
        angles = murray_angles(tip.radius, larger, smaller)
        turns = (-side * angles[0], side * angles[1])
        crowded = tip.course != TRUNK and not self.steering.is_free(
            tip, turns[1]
        )
        if smaller < self.min_radius or crowded:
            tip.until_branch = 0.02
            return False
        for radius, turn, course in zip(
            (larger, smaller), turns, courses, strict=True
        ):
            self._push(
                parent=tip.index,
                kind=tip.kind,
                course=course,
                half=tip.half,
                x=tip.x,
                y=tip.y,
                heading=tip.heading + turn,
                radius=radius,
                until_branch=draw_interval(self.eye, course, self.rng),
                length=self._length(tip, radius, course),
                target=self._target(tip, course),
                height_scale=tip.height_scale,
                trunk_radius=tip.trunk_radius,
            )
        return True

    def _length(self, tip, radius, course) -> float:
        """How far a daughter may grow; arcades grow until they leave the field.

        A daughter that keeps its parent's course has what is left of the
        parent's length.
        """
        if course in (TRUNK, TEMPORAL, NASAL) or course == tip.course:
            return tip.length
        return radius * self.rng.uniform(60, 170)

    def _target(self, tip, course) -> tuple[float, float]:
        """Where an inner branch heads for, which its daughters keep."""
        if course == INNER and tip.course != INNER:
            return raphe_target(self.eye, tip.x, half=tip.half, rng=self.rng)
        return tip.target
