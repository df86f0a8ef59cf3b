"""Growth of the vessel trees from the disc, branching by branching.

Thick tips grow first, thin ones fill what is left. How a tip moves is in
`steering.py`.
"""

import heapq
import math

import numpy as np

from migan_tf.phantom import anatomy as phantom_anatomy
from migan_tf.phantom.anatomy import INNER, NASAL, TEMPORAL, TRUNK
from migan_tf.phantom.steering import Steering, Tip
from migan_tf.phantom.vessel_tree import (
    ARTERY,
    VEIN,
    Branching,
    Segment,
    VesselTree,
    murray_angles,
    murray_radii,
)


class Grower:
    """Grows all vessels of one eye, the thickest tip first."""

    def __init__(self, anatomy, rng, min_radius):
        self.anatomy = anatomy
        self.rng = rng
        self.min_radius = min_radius
        self.steering = Steering(anatomy, rng, min_radius)
        self.crowding = self.steering.crowding
        self.segments, self.branchings, self.queue = [], [], []

    def grow(self) -> VesselTree:
        """Plants the four trunks and grows until no tip is left."""
        self.plant_trunks()
        while self.queue:
            self.grow_segment(heapq.heappop(self.queue)[2])
        return VesselTree(
            self.anatomy, tuple(self.segments), tuple(self.branchings)
        )

    def push(self, **fields) -> int:
        """Queues a tip and returns the index its segment will have."""
        index = len(self.segments)
        self.segments.append(None)
        tip = Tip(index=index, **fields)
        heapq.heappush(self.queue, (-tip.radius, index, tip))
        return index

    def plant_trunks(self) -> None:
        """A superior and an inferior trunk of each kind, on the disc.

        The central vessels divide inside the nerve, out of the photograph's
        plane: the four trunks are roots.
        """
        rng, disc = self.rng, self.anatomy.disc
        # The arcade of one kind lies outside the other's, in each half.
        apart = rng.choice([-1, 1], 2) * rng.uniform(0.06, 0.13, 2)
        for kind, sign in ((VEIN, 1), (ARTERY, -1)):
            x = disc[0] + 0.02 - 0.018 * sign + rng.normal(0, 0.006)
            y = disc[1] + rng.normal(0, 0.012)
            for half in (-1, 1):
                radius = self.anatomy.vein_radius * rng.uniform(0.94, 1.06)
                if kind == ARTERY:
                    radius *= self.anatomy.calibre_ratio
                self.push(
                    parent=-1,
                    kind=kind,
                    course=TRUNK,
                    half=half,
                    x=x,
                    y=y,
                    heading=half * math.pi / 2 + rng.normal(0, 0.25),
                    radius=radius,
                    until_branch=rng.uniform(0.03, 0.09),
                    height_scale=1 + sign * apart[(half + 1) // 2],
                    trunk_radius=radius,
                )

    def grow_segment(self, tip: Tip) -> None:
        """Grows a tip until it branches or ends, and enters its segment."""
        points, radii = [(tip.x, tip.y)], [tip.radius]
        branched = False
        while not self.steering.must_end(tip):
            self.steering.advance(tip)
            points.append((tip.x, tip.y))
            radii.append(tip.radius)
            if tip.until_branch <= 0 and (branched := self.branch(tip)):
                break
        points, radii = np.array(points), np.array(radii)
        inside = np.hypot(tip.x, tip.y) < 1
        terminal = bool(inside and not branched)
        if terminal:
            # A vessel does not end blunt: it thins out over its last stretch.
            goal = min(1.0, self.min_radius / radii[-1])
            radii *= 1 - (1 - goal) * np.linspace(0, 1, len(radii)) ** 2
        self.crowding[tip.kind].add(points)
        self.segments[tip.index] = Segment(
            tip.kind, points, radii=radii, parent=tip.parent, terminal=terminal
        )

    def branch(self, tip: Tip) -> bool:
        """Splits a tip in two by Murray's law where there is room."""
        ratio, side, courses = phantom_anatomy.draw_branch(
            self.anatomy, tip, self.rng
        )
        larger, smaller = murray_radii(tip.radius, ratio)
        angles = murray_angles(tip.radius, larger, smaller)
        turns = (-side * angles[0], side * angles[1])
        crowded = tip.course != TRUNK and not self.steering.is_free(
            tip, turns[1]
        )
        if smaller < self.min_radius or crowded:
            tip.until_branch = 0.02
            return False
        first = len(self.segments)
        for radius, turn, course in zip(
            (larger, smaller), turns, courses, strict=True
        ):
            self.push(
                parent=tip.index,
                kind=tip.kind,
                course=course,
                half=tip.half,
                x=tip.x,
                y=tip.y,
                heading=tip.heading + turn,
                radius=radius,
                until_branch=phantom_anatomy.draw_interval(
                    self.anatomy, course, self.rng
                ),
                length=self.length(tip, radius, course),
                target=self.target(tip, course),
                height_scale=tip.height_scale,
                trunk_radius=tip.trunk_radius,
            )
        self.branchings.append(
            Branching(
                tip.index,
                (first, first + 1),
                radii=(tip.radius, larger, smaller),
                angles=turns,
            )
        )
        return True

    def length(self, tip, radius, course) -> float:
        """How far a daughter may grow: arcades until they leave the field."""
        if course in (TRUNK, TEMPORAL, NASAL) or course == tip.course:
            return tip.length
        return radius * self.rng.uniform(60, 170)

    def target(self, tip, course) -> tuple[float, float]:
        """Where an inner branch heads for, kept by its daughters."""
        if course == INNER and tip.course != INNER:
            return phantom_anatomy.raphe_target(
                self.anatomy, tip.x, half=tip.half, rng=self.rng
            )
        return tip.target
