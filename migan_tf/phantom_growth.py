"""Growth of the vessel trees: where a tip goes, when it branches and ends.

A tip moves step by step towards where its course leads and away from vessels
of its own kind. Thick tips grow first, thin ones fill what is left.
"""

import dataclasses
import heapq
import math

import numpy as np

from migan_tf import phantom_anatomy as anatomy_lib
from migan_tf.phantom_anatomy import INNER, NASAL, OUTER, TEMPORAL, TRUNK
from migan_tf.phantom_crowding import Crowding
from migan_tf.phantom_vessels import (
    ARTERY,
    VEIN,
    Branching,
    Segment,
    VesselTree,
    murray_angles,
    murray_radii,
)

STEP = 0.008
EDGE = 1.03  # vessels grow a little beyond the field of view


@dataclasses.dataclass
class Tip:
    """The growing end of a vessel; `age` is the length since its branching."""

    index: int
    parent: int
    kind: str
    course: str
    half: int  # -1 superior, 1 inferior
    x: float
    y: float
    heading: float
    radius: float
    until_branch: float
    length: float = math.inf  # left to grow
    age: float = 0.0
    bend: float = 0.0  # curvature of the moment, radians per unit
    beside: int = 0  # steps spent beside a vessel of the other kind
    target: tuple[float, float] = (0.0, 0.0)
    height_scale: float = 1.0
    trunk_radius: float = 0.0


class Grower:
    """Grows all vessels of one eye, the thickest tip first."""

    def __init__(self, anatomy, rng, min_radius):
        self.anatomy = anatomy
        self.rng = rng
        self.min_radius = min_radius
        self.crowding = {ARTERY: Crowding(), VEIN: Crowding()}
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
        outside = rng.integers(2) * 2 - 1  # which kind has the higher arcade
        for half in (-1, 1):
            for kind, sign in ((VEIN, 1), (ARTERY, -1)):
                radius = self.anatomy.vein_radius * rng.uniform(0.94, 1.06)
                if kind == ARTERY:
                    radius *= self.anatomy.calibre_ratio
                self.push(
                    parent=-1,
                    kind=kind,
                    course=TRUNK,
                    half=half,
                    x=disc[0] + 0.02 - 0.018 * sign + rng.normal(0, 0.008),
                    y=disc[1] + half * rng.uniform(0.0, 0.02),
                    heading=half * math.pi / 2 + rng.normal(0, 0.25),
                    radius=radius,
                    until_branch=rng.uniform(0.03, 0.09),
                    height_scale=1 + 0.1 * sign * outside,
                    trunk_radius=radius,
                )

    def grow_segment(self, tip: Tip) -> None:
        """Grows a tip until it branches or ends, and enters its segment."""
        points, radii = [(tip.x, tip.y)], [tip.radius]
        branched = False
        while not self.must_end(tip):
            self.advance(tip)
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
            tip.kind, points, radii, tip.parent, terminal
        )

    def must_end(self, tip: Tip) -> bool:
        """Whether a tip has reached its end: an edge, a limit or a vessel."""
        to_fovea = math.hypot(
            tip.x - self.anatomy.fovea[0], tip.y - self.anatomy.fovea[1]
        )
        # A young tip is still beside the vessel it came from.
        too_near = min(0.022, 0.35 * (tip.age - 0.04))
        return (
            tip.radius < self.min_radius
            or tip.length <= 0
            or tip.beside > 9
            or math.hypot(tip.x, tip.y) > EDGE
            or to_fovea < self.anatomy.avascular_radius
            or self.crowding[tip.kind].distance(tip.x, tip.y) < too_near
        )

    def advance(self, tip: Tip) -> None:
        """One step: steer, wander, move, taper."""
        wanted, pull = self.wanted_heading(tip)
        turn = math.remainder(wanted - tip.heading, 2 * math.pi)
        thin = min(3.0, 0.008 / tip.radius)
        wander = 3.5 * self.anatomy.tortuosity * math.sqrt(thin)
        tip.bend += -tip.bend * STEP / 0.05 + wander * (
            math.sqrt(2 * STEP / 0.05) * self.rng.standard_normal()
        )
        tip.heading += STEP * (pull * turn + tip.bend + self.repulsion(tip))
        tip.x += STEP * math.cos(tip.heading)
        tip.y += STEP * math.sin(tip.heading)
        tip.radius -= STEP * (0.04 * tip.radius + 3e-6 / tip.radius)
        tip.age += STEP
        tip.length -= STEP
        tip.until_branch -= STEP
        other = self.crowding[VEIN if tip.kind == ARTERY else ARTERY]
        beside = other.distance(tip.x, tip.y) < 0.02
        side_branch = tip.course in (INNER, OUTER)
        tip.beside = tip.beside + 1 if beside and side_branch else 0

    def wanted_heading(self, tip: Tip) -> tuple[float, float]:
        """Heading a tip's course leads to, and how fast it turns there."""
        if tip.course == TEMPORAL:
            heading = anatomy_lib.temporal_heading(
                self.anatomy, tip.x, tip.y, tip.half, tip.height_scale
            )
            return heading, 9.0
        heading = anatomy_lib.branch_heading(
            self.anatomy, tip.course, tip.x, tip.y, tip.half, tip.target
        )
        return heading, 4.0

    def repulsion(self, tip: Tip) -> float:
        """Turn (radians per unit) towards the freer side, 0.05 ahead."""
        if tip.age < 0.04:
            return 0.0
        turn = 0.0
        for kind, crowding in self.crowding.items():
            reach, force = (0.07, 7.0) if kind == tip.kind else (0.06, 7.0)
            free = [
                min(
                    reach,
                    crowding.distance(
                        tip.x + 0.05 * math.cos(tip.heading + side * 0.7),
                        tip.y + 0.05 * math.sin(tip.heading + side * 0.7),
                    ),
                )
                for side in (-1, 1)
            ]
            turn += force * (free[1] - free[0]) / reach
        return turn

    def branch(self, tip: Tip) -> bool:
        """Splits a tip in two by Murray's law where there is room."""
        ratio, side, courses = self.choose_branch(tip)
        larger, smaller = murray_radii(tip.radius, ratio)
        angles = murray_angles(tip.radius, larger, smaller)
        turns = (-side * angles[0], side * angles[1])
        crowded = tip.course != TRUNK and not self.is_free(tip, turns[1])
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
                until_branch=self.interval(course),
                length=self.length(tip, radius, course),
                target=self.target(tip, course),
                height_scale=tip.height_scale,
                trunk_radius=tip.trunk_radius,
            )
        self.branchings.append(
            Branching(
                tip.index,
                (first, first + 1),
                (tip.radius, larger, smaller),
                turns,
            )
        )
        return True

    def interval(self, course) -> float:
        """Length to the next branching."""
        if course == TRUNK:
            return self.rng.uniform(0.03, 0.09)
        if course == NASAL:
            return self.rng.uniform(0.1, 0.3)
        return self.anatomy.branch_interval * (0.5 + self.rng.exponential(0.6))

    def length(self, tip, radius, course) -> float:
        """How far a daughter may grow: arcades until they leave the field."""
        if course in (TRUNK, TEMPORAL, NASAL) or course == tip.course:
            return tip.length
        return radius * self.rng.uniform(70, 180)

    def target(self, tip, course) -> tuple[float, float]:
        """Where an inner branch heads for, kept by its daughters."""
        if course == INNER and tip.course != INNER:
            return anatomy_lib.raphe_target(
                self.anatomy, tip.x, tip.half, self.rng
            )
        return tip.target

    def choose_branch(self, tip: Tip):
        """Draws daughter ratio, side of the smaller one, daughters' courses.

        A side of 1 is clockwise. With y down the temporal side of a trunk and
        the macular side of an arcade both have the sign of `half`.
        """
        rng, disc = self.rng, self.anatomy.disc
        side = int(rng.integers(2) * 2 - 1)
        towards_macula = side == tip.half
        if tip.course == TRUNK:
            if math.hypot(tip.x - disc[0], tip.y - disc[1]) > 0.11:
                # The arcade and the smaller nasal vessel.
                return rng.uniform(0.55, 0.8), -tip.half, (TEMPORAL, NASAL)
            small = INNER if towards_macula else NASAL
            return rng.uniform(0.35, 0.5), side, (TRUNK, small)
        if tip.course != TEMPORAL:
            return rng.uniform(0.45, 0.95), side, (tip.course, tip.course)
        # An arcade gives off thin vessels until it is past the macula, where
        # it divides into nearly equal ones.
        thin = rng.uniform(0.2, 0.4) * tip.trunk_radius / tip.radius
        equal = rng.random() < (0.4 if tip.x < self.anatomy.fovea[0] else 0.06)
        ratio = rng.uniform(0.7, 0.95) if equal else min(thin, 0.9)
        return ratio, side, (TEMPORAL, INNER if towards_macula else OUTER)

    def is_free(self, tip: Tip, turn: float) -> bool:
        """Whether a side branch has room in its first stretch."""
        heading = tip.heading + turn
        for reach in (0.05, 0.08):
            x = tip.x + reach * math.cos(heading)
            y = tip.y + reach * math.sin(heading)
            for kind, crowding in self.crowding.items():
                room = 0.035 if kind == tip.kind else 0.02
                if crowding.distance(x, y) < room:
                    return False
        return True
