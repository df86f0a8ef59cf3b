"""What a vessel tree is, and Murray's law of how vessels divide.

Lengths are in radii of the field of view, positions (x, y) from its centre, as
in `anatomy`.
"""

import dataclasses
import math

import numpy as np

from migan_tf.phantom.anatomy import Anatomy

ARTERY, VEIN = "artery", "vein"


@dataclasses.dataclass(frozen=True)
class Segment:
    """A vessel from one branching to the next, or to its end."""

    kind: str  # ARTERY or VEIN
    points: np.ndarray  # (N, 2), x and y along its centreline
    radii: np.ndarray  # (N,), at these points
    parent: int  # index of the segment it came from; -1 on the disc
    terminal: bool  # it ends inside the field of view, not in a branching


@dataclasses.dataclass(frozen=True)
class VesselTree:
    """All arteries and veins of one eye.

    A segment that divides has two daughters, which start at its last point and
    name it as their `parent`.
    """

    anatomy: Anatomy
    segments: tuple[Segment, ...]


def murray_radii(radius: float, ratio: float) -> tuple[float, float]:
    """Returns the radii of two daughters by Murray's law (Murray 1926).

    Args:
      radius: the parent's radius r0.
      ratio: r2 / r1, in (0, 1].

    Returns:
      (r1, r2) with r0³ = r1³ + r2³ and r1 >= r2.
    """
    larger = radius / (1.0 + ratio**3) ** (1.0 / 3.0)
    return larger, ratio * larger


def murray_angles(r0: float, r1: float, r2: float) -> tuple[float, float]:
    """Returns the branching angles of least work (Murray 1926).

    cos a1 = (r0⁴ + r1⁴ - r2⁴) / (2 r0² r1²), and a2 is the same with r1 and r2
    exchanged. Equal daughters leave at 37.5 degrees each; a very thin one
    leaves at nearly 90 degrees, and its sister goes straight on.

    Args:
      r0: the parent's radius.
      r1: the radius of one daughter.
      r2: the radius of the other.

    Returns:
      (a1, a2), each from the parent's direction, in radians, not negative.
    """

    def angle(own, other):
        cosine = (r0**4 + own**4 - other**4) / (2 * r0**2 * own**2)
        return math.acos(max(-1.0, min(1.0, cosine)))

    return angle(r1, r2), angle(r2, r1)
