"""What a vessel tree is, and Murray's law of its branchings.

Lengths are in radii of the field of view, positions (x, y) from its centre, as
in `anatomy.py`.
"""

import dataclasses
import math

import numpy as np

from migan_tf.phantom import anatomy as phantom_anatomy

ARTERY, VEIN = "artery", "vein"


@dataclasses.dataclass(frozen=True)
class Segment:
    """A vessel between two branchings; `points` (N, 2) x, y, `radii` (N,)."""

    kind: str
    points: np.ndarray
    radii: np.ndarray
    parent: int  # index of the segment it came from, -1 on the disc
    terminal: bool  # it ends inside the eye, not in a branching


@dataclasses.dataclass(frozen=True)
class Branching:
    """A segment that ends in two: radii and angles where they meet.

    `radii` are those of the parent's end and of the two daughters' starts,
    `angles` the turns of the daughters in radians, with opposite signs.
    """

    parent: int
    daughters: tuple[int, int]
    radii: tuple[float, float, float]
    angles: tuple[float, float]


@dataclasses.dataclass(frozen=True)
class VesselTree:
    """All arteries and veins of one eye."""

    anatomy: phantom_anatomy.Anatomy
    segments: tuple[Segment, ...]
    branchings: tuple[Branching, ...]


def murray_radii(radius: float, ratio: float) -> tuple[float, float]:
    """Daughter radii r1 >= r2 with r0^3 = r1^3 + r2^3 and r2 = ratio r1."""
    larger = radius / (1.0 + ratio**3) ** (1.0 / 3.0)
    return larger, ratio * larger


def murray_angles(r0: float, r1: float, r2: float) -> tuple[float, float]:
    """Branching angles of least work (Murray 1926), in radians, both positive.

    cos a1 = (r0^4 + r1^4 - r2^4) / (2 r0^2 r1^2), and with 1 and 2 exchanged
    for a2: 37.5 degrees each for equal daughters, towards 0 and 90 degrees
    for a very thin one.
    """

    def angle(own, other):
        cosine = (r0**4 + own**4 - other**4) / (2 * r0**2 * own**2)
        return math.acos(max(-1.0, min(1.0, cosine)))

    return angle(r1, r2), angle(r2, r1)
