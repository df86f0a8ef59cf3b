"""How the growing end of a vessel finds its way, and where it ends.

A tip turns to where its course leads and away from other vessels, wanders by
its eye's tortuosity, and thins out. `Steering` moves the tips of an eye, and
`Crowding` knows where vessels are already. Lengths are in radii of the field
of view, as in `anatomy`.
"""

import dataclasses
import math

import cv2
import numpy as np

from migan_tf.phantom.anatomy import (
    INNER,
    OUTER,
    TEMPORAL,
    Anatomy,
    branch_heading,
    temporal_heading,
)
from migan_tf.phantom.vessel_tree import ARTERY, VEIN

STEP = 0.008  # length that a tip grows at a time
MAX_BEND = 11.0  # radians per unit: no vessel turns in a smaller circle
EDGE = 1.03  # vessels grow a little beyond the field of view
YOUNG = 0.04  # up to this age a tip is still beside the vessel it came from
GRID = 200  # cells along each side of the square [-EXTENT, EXTENT]
EXTENT = 1.1


@dataclasses.dataclass
class Tip:
    """The growing end of a vessel."""

    index: int  # of the segment that it grows
    parent: int  # index of the segment that it came from; -1 on the disc
    kind: str  # ARTERY or VEIN
    course: str  # one of the courses of `anatomy`
    half: int  # -1 superior, 1 inferior
    x: float
    y: float
    heading: float  # radians, clockwise from the positive x axis
    radius: float
    until_branch: float  # length to grow before it tries to branch
    length: float = math.inf  # length to grow before it ends
    age: float = 0.0  # length since the last branching
    bend: float = 0.0  # curvature of the moment, radians per unit
    beside: int = 0  # steps spent beside a vessel of the other kind
    astray: int = 0  # steps spent against the course's direction
    target: tuple[float, float] = (0.0, 0.0)  # where an INNER branch ends
    height_scale: float = 1.0  # of its arcade, see `anatomy.temporal_heading`
    trunk_radius: float = 0.0  # of the trunk that it comes from


class Steering:
    """Moves the tips of one eye among the vessels that have been entered.

    Args:
      eye: the eye's anatomy.
      rng: the source of the wandering.
      min_radius: radius at which a vessel ends.
    """

    def __init__(self, eye: Anatomy, rng: np.random.Generator, min_radius):
        self.eye = eye
        self.rng = rng
        self.min_radius = min_radius
        self.crowding = {ARTERY: Crowding(), VEIN: Crowding()}

    def enter(self, kind: str, points: np.ndarray) -> None:
        """Enters a vessel that others keep away from; `points` is (N, 2)."""
        self.crowding[kind].add(points)

    def must_end(self, tip: Tip) -> bool:
        """Says whether a tip has met an edge, a limit or another vessel."""
        to_fovea = math.dist((tip.x, tip.y), self.eye.fovea)
        to_target = math.dist((tip.x, tip.y), tip.target)
        too_near = min(0.022, 0.35 * (tip.age - YOUNG))
        return (
            tip.radius < self.min_radius
            or (tip.course == INNER and to_target < 0.05)
            or tip.length <= 0
            or tip.beside > 9
            or tip.astray > 6
            or math.hypot(tip.x, tip.y) > EDGE
            or to_fovea < self.eye.avascular_radius + STEP
            or self.crowding[tip.kind].distance(tip.x, tip.y) < too_near
        )

    def advance(self, tip: Tip) -> None:
        """Moves a tip by one step: it steers, wanders, moves and thins."""
        wanted, pull = self._wanted_heading(tip)
        turn = math.remainder(wanted - tip.heading, 2 * math.pi)
        thin = min(3.0, 0.008 / tip.radius)
        wander = 3.5 * self.eye.tortuosity * math.sqrt(thin)
        tip.astray = tip.astray + 1 if abs(turn) > 1.7 else 0
        tip.bend += -tip.bend * STEP / 0.05 + wander * (
            math.sqrt(2 * STEP / 0.05) * self.rng.standard_normal()
        )
        rate = pull * turn + tip.bend + self._repulsion(tip)
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

    def is_free(self, tip: Tip, turn: float) -> bool:
        """Says whether a side branch has room in its first stretch.

        Args:
          tip: the tip that would branch.
          turn: radians from the tip's heading to that of the branch.

        Returns:
          Whether no vessel is near.
        """
        heading = tip.heading + turn
        for reach in (0.05, 0.08, 0.12):
            x = tip.x + reach * math.cos(heading)
            y = tip.y + reach * math.sin(heading)
            for kind, crowding in self.crowding.items():
                room = 0.03 if kind == tip.kind else 0.018
                if crowding.distance(x, y) < room:
                    return False
        return True

    def _wanted_heading(self, tip: Tip) -> tuple[float, float]:
        """The heading a tip's course leads to, and how fast it turns there."""
        if tip.course == TEMPORAL:
            heading = temporal_heading(
                self.eye,
                tip.x,
                y=tip.y,
                half=tip.half,
                height_scale=tip.height_scale,
            )
            return heading, 9.0
        heading = branch_heading(
            self.eye,
            tip.course,
            x=tip.x,
            y=tip.y,
            half=tip.half,
            target=tip.target,
        )
        pull = 5.0
        if tip.course == INNER:  # no circling around a near goal
            away = math.dist((tip.x, tip.y), tip.target)
            pull *= min(1.0, away / 0.2)
        return heading, pull

    def _repulsion(self, tip: Tip) -> float:
        """The turn, in radians per unit, towards the side that is freer."""
        if tip.age < YOUNG:
            return 0.0
        turn = 0.0
        for kind, crowding in self.crowding.items():
            reach = 0.07 if kind == tip.kind else 0.06
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
            turn += 7.0 * (free[1] - free[0]) / reach
        return turn


class Crowding:
    """Tells how far any point is from the vessels of one kind.

    The distances are those of a grid with cells of 2 `EXTENT` / `GRID`.
    """

    def __init__(self):
        self._free = np.full((GRID, GRID), 255, np.uint8)
        self._distance = None

    def add(self, points: np.ndarray) -> None:
        """Enters a vessel; `points` (N, 2) are x and y along it."""
        cells = np.round((points + EXTENT) * (GRID / (2 * EXTENT)) - 0.5)
        cv2.polylines(
            self._free, [cells.astype(np.int32)], isClosed=False, color=0
        )
        self._distance = None

    def distance(self, x: float, y: float) -> float:
        """Returns the distance of (x, y) to the nearest vessel entered so far.

        It is at least 1 before the first vessel, and `EXTENT` for a point that
        lies off the grid.
        """
        if self._distance is None:
            self._distance = cv2.distanceTransform(
                self._free, cv2.DIST_L2, cv2.DIST_MASK_5
            ) * (2 * EXTENT / GRID)
        column = int((x + EXTENT) * (GRID / (2 * EXTENT)))
        row = int((y + EXTENT) * (GRID / (2 * EXTENT)))
        if 0 <= column < GRID and 0 <= row < GRID:
            return float(self._distance[row, column])
        return EXTENT
