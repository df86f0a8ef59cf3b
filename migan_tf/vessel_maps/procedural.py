"""Draws procedural vessel maps whose statistics are those of a dataset.

They are the vessels of phantom eyes, as many, as wide and as winding as those
that annotators have drawn. No photograph has a part in them.
"""

import dataclasses

import numpy as np

from migan_tf.phantom.anatomy import Anatomy, random_anatomy
from migan_tf.phantom.growth import Grower
from migan_tf.phantom.raster import (
    MIN_DRAWN_RADIUS,
    Frame,
    binary_map,
    draw_vessels,
)
from migan_tf.phantom.vessel_tree import ARTERY, VEIN

SMALLEST = 64  # pixels across


@dataclasses.dataclass(frozen=True)
class Likeness:
    """How to draw maps like those of a dataset."""

    # Factors on the phantom's own, see `anatomy.Anatomy`.
    vein_radius: float
    calibre_ratio: float
    tortuosity: float
    branch_interval: float
    min_radius: float  # where vessels end, in radii of the field of view
    thinnest: float  # a stroke's radius, in diameters of the field of view
    aspect: float  # height / width of the frame
    shown: float  # height of the field of view / width of the frame


# The first six numbers were found by a random search between twelve drawn maps
# and the TRAINING maps. It minimised the sum of `statistics.distances`, each
# divided by the distance between halves of the training maps.
# `python docs/make_vessel_figure.py` measures the distances with other seeds.
# Tortuosity was held below 1.8, since more would wind the arcades as in no eye.
LIKENESSES = {
    "drive": Likeness(
        vein_radius=0.936,
        calibre_ratio=1.22,
        tortuosity=1.56,
        branch_interval=1.17,
        min_radius=0.0031,
        thinnest=0.00119,
        aspect=1.0,
        shown=1.0,
    ),
    # STARE's round field is cut off above and below.
    "stare": Likeness(
        vein_radius=0.806,
        calibre_ratio=1.26,
        tortuosity=1.56,
        branch_interval=1.53,
        min_radius=0.0034,
        thinnest=0.0009,
        aspect=605 / 700,
        shown=0.8,
    ),
}
# The standard deviation of the logarithms of two factors, on the calibre and on
# the intervals of an eye: eyes and annotators differ more than phantoms do.
SPREAD = 0.07


def draw(seed, like="drive", size=512):
    """Draws the vessels of one eye.

    Args:
      seed: what `np.random.default_rng` takes: an integer, a list of integers
        or a `Generator`. Equal seeds give equal maps.
      like: a key of `LIKENESSES`.
      size: the width of the frame in pixels, at least `SMALLEST`. Its height is
        the same for "drive" and 605 / 700 of it for "stare".

    Returns:
      (vessel_map, artery_map, vein_map, fov_mask), each (H,W) bool.

    Raises:
      ValueError: there is no such likeness, or the size is too small.
    """
    check(like, size)
    likeness = LIKENESSES[like]
    rng = np.random.default_rng(seed)
    eye = draw_anatomy(likeness, rng)
    tree = Grower(eye, rng, likeness.min_radius).grow()
    frame = Frame(size, size)
    fov_mask = frame.fov_mask() & _rows(size, likeness.shown)[:, None]
    thinnest = max(MIN_DRAWN_RADIUS, likeness.thinnest * 2 * frame.radius)
    artery_map, vein_map = (
        binary_map(
            draw_vessels(tree, frame, (kind,), min_radius=thinnest), fov_mask
        )
        > 0
        for kind in (ARTERY, VEIN)
    )
    kept = _rows(size, likeness.aspect)
    maps = (artery_map | vein_map, artery_map, vein_map, fov_mask)
    return tuple(plane[kept] for plane in maps)


def check(like, size):
    """Checks the arguments of `draw`.

    Raises:
      ValueError: there is no such likeness, or the size is too small.
    """
    if like not in LIKENESSES:
        raise ValueError(
            f"`like` must be one of {', '.join(LIKENESSES)}. "
            f"Received: like={like!r}"
        )
    if size < SMALLEST:
        raise ValueError(
            f"`size` must be at least {SMALLEST}. Received: size={size}"
        )


def draw_anatomy(likeness, rng) -> Anatomy:
    """Draws a phantom's anatomy and changes it by a `Likeness`."""
    eye = random_anatomy(rng)
    calibre, interval = np.exp(SPREAD * rng.standard_normal(2))
    return dataclasses.replace(
        eye,
        vein_radius=eye.vein_radius * likeness.vein_radius * calibre,
        calibre_ratio=eye.calibre_ratio * likeness.calibre_ratio,
        tortuosity=eye.tortuosity * likeness.tortuosity,
        branch_interval=eye.branch_interval
        * likeness.branch_interval
        * interval,
    )


def _rows(size, share):
    """The middle rows, a given share of all, as (size,) bool."""
    dropped = (size - round(size * share)) // 2
    rows = np.arange(size)
    return (rows >= dropped) & (rows < dropped + round(size * share))
