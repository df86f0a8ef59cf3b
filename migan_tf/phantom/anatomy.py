"""Where things lie in a phantom eye, and which way its vessels run.

Lengths are in radii of the field of view, positions (x, y) from its centre,
x to the right and y down. The disc always lies on the right here (a right
eye); `retina.py` mirrors the drawing for left eyes. The proportions are those
of 45-degree photographs: a disc of about 0.3 across, 2.5 disc diameters from
the fovea.
"""

import dataclasses
import math

import numpy as np

# How a vessel runs: out of the disc; along the arcade around the macula; away
# from it on the nasal side; from an arcade to the macula; from it outwards.
TRUNK, TEMPORAL, NASAL, INNER, OUTER = (
    "trunk",
    "temporal",
    "nasal",
    "inner",
    "outer",
)


@dataclasses.dataclass(frozen=True)
class Anatomy:
    """One eye; lengths in radii of the field of view."""

    left_eye: bool
    disc: tuple[float, float]
    disc_radius: float
    fovea: tuple[float, float]
    avascular_radius: float  # no vessel comes closer to the fovea
    arcade_height: tuple[float, float]  # above and below the fovea
    arcade_spread: tuple[float, float]  # slope at its temporal end
    vein_radius: float  # of a trunk on the disc
    calibre_ratio: float  # artery / vein; 2/3 is the textbook figure
    tortuosity: float
    branch_interval: float  # mean length between two branchings


def random_anatomy(rng: np.random.Generator) -> Anatomy:
    """Draws one eye from the variation between healthy individuals."""
    disc_x = rng.uniform(0.66, 0.86)
    disc_y = rng.uniform(-0.12, 0.08)
    distance = rng.uniform(0.70, 0.82)
    return Anatomy(
        left_eye=bool(rng.random() < 0.5),
        disc=(disc_x, disc_y),
        disc_radius=rng.uniform(0.125, 0.165),
        fovea=(disc_x - distance, disc_y + rng.uniform(0.03, 0.11)),
        avascular_radius=rng.uniform(0.10, 0.14),
        arcade_height=tuple(rng.uniform(0.42, 0.64, size=2)),
        arcade_spread=tuple(rng.uniform(-0.35, 0.25, size=2)),
        vein_radius=rng.uniform(0.0145, 0.0175),
        calibre_ratio=rng.uniform(0.63, 0.73),
        tortuosity=rng.uniform(0.6, 1.4),
        branch_interval=rng.uniform(0.095, 0.12),
    )


def temporal_heading(anatomy, x, y, half, height_scale=1.0):
    """Heading of an arcade at a point: once round the macula, then outwards.

    Args:
      anatomy: the eye.
      x: position to the right of the centre.
      y: position below the centre.
      half: -1 in the superior half, 1 in the inferior one.
      height_scale: arcades of arteries and veins run at different heights.

    Returns:
      Angle in radians, clockwise from the positive x axis (y points down).
    """
    index = 0 if half < 0 else 1
    center_x, center_y = anatomy.fovea
    semi_x = anatomy.disc[0] - center_x
    semi_y = anatomy.arcade_height[index] * height_scale
    u, v = (x - center_x) / semi_x, (y - center_y) / semi_y
    if u < -0.05:  # past the fovea the ellipse is left for a straight course
        return math.atan2(half * anatomy.arcade_spread[index], -1.0)
    radius = max(math.hypot(u, v), 1e-6)
    normal = math.atan2(v / semi_y, u / semi_x)
    tangent = normal + half * math.pi / 2
    # Outside the ellipse (radius > 1) turn in, inside turn out.
    return tangent + half * max(-1.0, min(1.0, 3.0 * (radius - 1.0)))


def branch_heading(anatomy, course, x, y, half, target):
    """Heading that a side branch of a course prefers at a point.

    Args:
      anatomy: the eye.
      course: `NASAL`, `INNER`, `OUTER` or `TRUNK`.
      x: position to the right of the centre.
      y: position below the centre.
      half: -1 in the superior half, 1 in the inferior one.
      target: (x, y) on the horizontal raphe, used by `INNER`.

    Returns:
      Angle in radians, clockwise from the positive x axis.
    """
    if course == INNER:
        return math.atan2(target[1] - y, target[0] - x)
    if course == NASAL:
        return math.atan2(y - anatomy.disc[1], x - anatomy.disc[0])
    if course == OUTER:
        return math.atan2(y - anatomy.fovea[1], x - anatomy.fovea[0] - 0.15)
    return half * math.pi / 2


def raphe_target(anatomy, x, half, rng):
    """Point (x, y) near the horizontal raphe that an inner branch heads for."""
    offset = x - anatomy.fovea[0]
    # Beside the disc they turn to the macula, past it away from it.
    offset = 0.5 * offset if offset > 0 else offset - 0.15
    offset += rng.normal(-0.05, 0.08)
    return (
        anatomy.fovea[0] + offset,
        anatomy.fovea[1] + half * rng.uniform(0.0, 0.06),
    )


def draw_interval(anatomy, course, rng) -> float:
    """Draws the length from one branching of a course to the next."""
    if course == TRUNK:
        return rng.uniform(0.03, 0.09)
    if course == NASAL:
        return rng.uniform(0.1, 0.3)
    stretch = 1.15 if course == TEMPORAL else 1.25
    return anatomy.branch_interval * stretch * (0.5 + rng.exponential(0.6))


def draw_branch(anatomy, tip, rng) -> tuple[float, int, tuple[str, str]]:
    """Draws how a tip divides.

    Args:
      anatomy: the eye.
      tip: a `steering.Tip`.
      rng: source of the draws.

    Returns:
      Ratio of the daughters' radii, side of the smaller one (1 is clockwise)
      and the courses of the larger and the smaller one. With y down the
      temporal side of a trunk and the macular side of an arcade both have the
      sign of `half`.
    """
    side = int(rng.integers(2) * 2 - 1)
    towards_macula = side == tip.half
    if tip.course == TRUNK:
        from_disc = math.hypot(tip.x - anatomy.disc[0], tip.y - anatomy.disc[1])
        if from_disc > 0.11:  # the arcade and the smaller nasal vessel
            return rng.uniform(0.55, 0.8), -tip.half, (TEMPORAL, NASAL)
        small = INNER if towards_macula else NASAL
        return rng.uniform(0.35, 0.5), side, (TRUNK, small)
    if tip.course != TEMPORAL:
        return rng.uniform(0.4, 0.9), side, (tip.course, tip.course)
    # An arcade gives off thin vessels until it nears the end of the macula,
    # where it divides into nearly equal ones.
    thin = (0.18 + 0.3 * rng.beta(1.2, 2)) * tip.trunk_radius / tip.radius
    from_fovea = tip.x - anatomy.fovea[0]
    odds = 0.5 if from_fovea < 0 else 0.15 if from_fovea < 0.3 else 0.0
    equal = rng.random() < odds
    ratio = rng.uniform(0.7, 0.95) if equal else min(thin, 0.9)
    return ratio, side, (TEMPORAL, INNER if towards_macula else OUTER)
