"""How the growing end of a vessel finds its way, and where it ends.

A tip turns to where its course leads and away from other vessels, wanders by
its eye's tortuosity, and thins out.
"""

import dataclasses
import math

import cv2
import numpy as np

from migan_tf.phantom import anatomy as phantom_anatomy
from migan_tf.phantom.anatomy import INNER, OUTER, TEMPORAL
from migan_tf.phantom.vessel_tree import ARTERY, VEIN

STEP = 0.008
MAX_BEND = 11.0  # radians per unit: no vessel turns in a smaller circle
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
    astray: int = 0  # steps spent against the course's direction
    target: tuple[float, float] = (0.0, 0.0)
    height_scale: float = 1.0
    trunk_radius: float = 0.0


class Steering:
    """Moves the tips of one eye.

    Args:
      anatomy: the eye.
      rng: source of the wandering.
      min_radius: radius at which a vessel ends.
    """

    def __init__(self, anatomy, rng: np.random.Generator, min_radius: float):
        self.anatomy = anatomy
        self.rng = rng
        self.min_radius = min_radius
        self.crowding = {ARTERY: Crowding(), VEIN: Crowding()}

    def must_end(self, tip: Tip) -> bool:
        """Whether a tip has reached its end: an edge, a limit or a vessel."""
        to_fovea = math.hypot(
            tip.x - self.anatomy.fovea[0], tip.y - self.anatomy.fovea[1]
        )
        # A young tip is still beside the vessel it came from.
        too_near = min(0.022, 0.35 * (tip.age - 0.04))
        to_target = math.hypot(tip.x - tip.target[0], tip.y - tip.target[1])
        return (
            tip.radius < self.min_radius
            or (tip.course == INNER and to_target < 0.05)
            or tip.length <= 0
            or tip.beside > 9
            or tip.astray > 6
            or math.hypot(tip.x, tip.y) > EDGE
            or to_fovea < self.anatomy.avascular_radius + STEP
            or self.crowding[tip.kind].distance(tip.x, tip.y) < too_near
        )

    def advance(self, tip: Tip) -> None:
        """One step: steer, wander, move, taper."""
        wanted, pull = self.wanted_heading(tip)
        turn = math.remainder(wanted - tip.heading, 2 * math.pi)
        thin = min(3.0, 0.008 / tip.radius)
        wander = 3.5 * self.anatomy.tortuosity * math.sqrt(thin)
        tip.astray = tip.astray + 1 if abs(turn) > 1.7 else 0
        tip.bend += -tip.bend * STEP / 0.05 + wander * (
            math.sqrt(2 * STEP / 0.05) * self.rng.standard_normal()
        )
        rate = pull * turn + tip.bend + self.repulsion(tip)
        tip.heading += STEP * max(-MAX_BEND, min(MAX_BEND, rate))
        tip.x += STEP * math.cos(tip.heading)
        tip.y += STEP * math.sin(tip.heading)
        tip.radius -= STEP * (0.02 * tip.radius + 2.5e-6 / tip.radius)
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
            heading = phantom_anatomy.temporal_heading(
                self.anatomy,
                tip.x,
                y=tip.y,
                half=tip.half,
                height_scale=tip.height_scale,
            )
            return heading, 9.0
        heading = phantom_anatomy.branch_heading(
            self.anatomy,
            tip.course,
            x=tip.x,
            y=tip.y,
            half=tip.half,
            target=tip.target,
        )
        pull = 5.0
        if tip.course == INNER:  # no circling around a near goal
            away = math.hypot(tip.x - tip.target[0], tip.y - tip.target[1])
            pull *= min(1.0, away / 0.2)
        return heading, pull

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

    def is_free(self, tip: Tip, turn: float) -> bool:
        """Whether a side branch has room in its first stretch."""
        heading = tip.heading + turn
        for reach in (0.05, 0.08, 0.12):
            x = tip.x + reach * math.cos(heading)
            y = tip.y + reach * math.sin(heading)
            for kind, crowding in self.crowding.items():
                room = 0.03 if kind == tip.kind else 0.018
                if crowding.distance(x, y) < room:
                    return False
        return True


GRID = 200  # cells along each side of the square [-EXTENT, EXTENT]
EXTENT = 1.1


class Crowding:
    """Distance from any point to the vessels of one kind, on a coarse grid."""

    def __init__(self):
        self._free = np.full((GRID, GRID), 255, np.uint8)
        self._distance = None

    def add(self, points: np.ndarray) -> None:
        """Enters a vessel; `points` (N, 2) x, y in radii of the field."""
        cells = np.round((points + EXTENT) * (GRID / (2 * EXTENT)) - 0.5)
        cv2.polylines(
            self._free, [cells.astype(np.int32)], isClosed=False, color=0
        )
        self._distance = None

    def distance(self, x: float, y: float) -> float:
        """Distance of (x, y) to the nearest vessel entered so far."""
        if self._distance is None:
            self._distance = cv2.distanceTransform(
                self._free, cv2.DIST_L2, cv2.DIST_MASK_5
            ) * (2 * EXTENT / GRID)
        column = int((x + EXTENT) * (GRID / (2 * EXTENT)))
        row = int((y + EXTENT) * (GRID / (2 * EXTENT)))
        if 0 <= column < GRID and 0 <= row < GRID:
            return float(self._distance[row, column])
        return EXTENT
