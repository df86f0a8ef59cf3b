"""Where things lie in a phantom eye, and which way its vessels run.

Lengths are in radii of the field of view. Positions are (x, y) from its
centre, x to the right and y down. The disc always lies on the right here, as
in a right eye; `raster.Frame` mirrors the drawing for left eyes. The
proportions are those of 45-degree photographs: the disc is about 0.3 across
and lies 2.5 disc diameters from the fovea.
"""

import dataclasses
import math

import numpy as np

# The courses that a vessel can take.
TRUNK = "trunk"  # out of the disc
TEMPORAL = "temporal"  # along the arcade, around the macula
NASAL = "nasal"  # from the disc away from the macula
INNER = "inner"  # from an arcade or a trunk to the macula
OUTER = "outer"  # from an arcade away from the macula


@dataclasses.dataclass(frozen=True)
class Anatomy:
    """The proportions of one eye, in radii of the field of view."""

    left_eye: bool
    disc: tuple[float, float]
    disc_radius: float
    fovea: tuple[float, float]
    avascular_radius: float  # no vessel comes closer to the fovea
    arcade_height: tuple[float, float]  # above and below the fovea
    arcade_spread: tuple[float, float]  # slope at the arcade's temporal end
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


def temporal_heading(eye: Anatomy, x, y, half, height_scale=1.0) -> float:
    """Returns the direction of an arcade at a point.

    An arcade follows an ellipse around the macula up to the fovea and then
    runs straight on to the temporal edge.

    Args:
      eye: the eye's anatomy.
      x: position to the right of the centre.
      y: position below the centre.
      half: -1 in the superior half, 1 in the inferior one.
      height_scale: factor on the ellipse's height, because the arcades of
        arteries and veins run at different heights.

    Returns:
      An angle in radians, clockwise from the positive x axis (y points down).
    """
    index = 0 if half < 0 else 1
    center_x, center_y = eye.fovea
    semi_x = eye.disc[0] - center_x
    semi_y = eye.arcade_height[index] * height_scale
    u, v = (x - center_x) / semi_x, (y - center_y) / semi_y
    if u < -0.05:  # past the fovea
        return math.atan2(half * eye.arcade_spread[index], -1.0)
    radius = max(math.hypot(u, v), 1e-6)
    normal = math.atan2(v / semi_y, u / semi_x)
    tangent = normal + half * math.pi / 2
    # Outside the ellipse (radius > 1) the arcade turns in, inside it turns out.
    return tangent + half * max(-1.0, min(1.0, 3.0 * (radius - 1.0)))


def branch_heading(eye: Anatomy, course, x, y, half, target) -> float:
    """Returns the direction that a side branch of a course prefers.

    Args:
      eye: the eye's anatomy.
      course: `NASAL`, `INNER`, `OUTER` or `TRUNK`.
      x: position to the right of the centre.
      y: position below the centre.
      half: -1 in the superior half, 1 in the inferior one.
      target: (x, y) on the horizontal raphe, where `INNER` leads.

    Returns:
      An angle in radians, clockwise from the positive x axis (y points down).
    """
    if course == INNER:
        return math.atan2(target[1] - y, target[0] - x)
    if course == NASAL:
        return math.atan2(y - eye.disc[1], x - eye.disc[0])
    if course == OUTER:
        return math.atan2(y - eye.fovea[1], x - eye.fovea[0] - 0.15)
    return half * math.pi / 2


def raphe_target(eye: Anatomy, x, half, rng) -> tuple[float, float]:
    """Draws the point near the horizontal raphe that an inner branch heads for.

    Args:
      eye: the eye's anatomy.
      x: position of the branching, to the right of the centre.
      half: -1 in the superior half, 1 in the inferior one.
      rng: the source of randomness.

    Returns:
      (x, y) of the point.
    """
    offset = x - eye.fovea[0]
    # A branch beside the disc turns to the macula, one past it turns away.
    offset = 0.5 * offset if offset > 0 else offset - 0.15
    offset += rng.normal(-0.05, 0.08)
    return (
        eye.fovea[0] + offset,
        eye.fovea[1] + half * rng.uniform(0.0, 0.06),
    )


def draw_interval(eye: Anatomy, course, rng) -> float:
    """Draws the length of a vessel of a course before it branches."""
    if course == TRUNK:
        return rng.uniform(0.03, 0.09)
    if course == NASAL:
        return rng.uniform(0.1, 0.3)
    stretch = 1.15 if course == TEMPORAL else 1.25
    return eye.branch_interval * stretch * (0.5 + rng.exponential(0.6))


def draw_branch(eye: Anatomy, tip, rng) -> tuple[float, int, tuple[str, str]]:
    """Draws how a vessel divides in two.

    Args:
      eye: the eye's anatomy.
      tip: the `steering.Tip` that divides.
      rng: the source of randomness.

    Returns:
      (ratio, side, courses): the smaller daughter's radius over the larger
      one's, the side of the smaller daughter (1 is clockwise, -1 the other),
      and the courses of the larger and of the smaller daughter.
    """
    side = int(rng.integers(2) * 2 - 1)
    # Towards the macula is clockwise in the inferior half (1) and the other way
    # in the superior one (-1), both from a trunk and from an arcade.
    towards_macula = side == tip.half
    if tip.course == TRUNK:
        from_disc = math.hypot(tip.x - eye.disc[0], tip.y - eye.disc[1])
        if from_disc > 0.11:  # the arcade and the smaller nasal vessel
            return rng.uniform(0.55, 0.8), -tip.half, (TEMPORAL, NASAL)
        small = INNER if towards_macula else NASAL
        return rng.uniform(0.35, 0.5), side, (TRUNK, small)
    if tip.course != TEMPORAL:
        return rng.uniform(0.4, 0.9), side, (tip.course, tip.course)
    # An arcade gives off thin vessels until it nears the end of the macula,
    # where it divides into nearly equal ones.
    thin = (0.18 + 0.3 * rng.beta(1.2, 2)) * tip.trunk_radius / tip.radius
    from_fovea = tip.x - eye.fovea[0]
    odds = 0.5 if from_fovea < 0 else 0.15 if from_fovea < 0.3 else 0.0
    equal = rng.random() < odds
    ratio = rng.uniform(0.7, 0.95) if equal else min(thin, 0.9)
    return ratio, side, (TEMPORAL, INNER if towards_macula else OUTER)
