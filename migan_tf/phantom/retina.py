"""Phantom retinas: procedural fundus photographs with exact vessel maps.

They are drawn and not photographed, so there is no patient's data in them, and
they come in any size and any number. `anatomy` draws an eye, `growth` grows its
vessels, `raster` makes maps of them and `photograph` takes the photograph.
"""

import dataclasses

import cv2
import numpy as np

from migan_tf.phantom.anatomy import random_anatomy
from migan_tf.phantom.growth import Grower
from migan_tf.phantom.photograph import render_fundus
from migan_tf.phantom.raster import Frame, binary_map, draw_vessels
from migan_tf.phantom.vessel_tree import ARTERY, VEIN, VesselTree

MIN_SIZE = 48
MIN_RADIUS = 0.0019  # where vessels end, in radii of the field of view
# The random streams of one seed; a new kind of drawing takes a new number.
TREE_STREAM, FUNDUS_STREAM, READING_STREAM = range(3)


@dataclasses.dataclass(frozen=True)
class PhantomRetina:
    """A phantom's photograph and its maps, which hold 0 and 255."""

    fundus: np.ndarray  # (H, W, 3) uint8 RGB
    vessel_map: np.ndarray  # (H, W) uint8, arteries and veins
    artery_map: np.ndarray  # (H, W) uint8
    vein_map: np.ndarray  # (H, W) uint8
    fov_mask: np.ndarray  # (H, W) uint8
    tree: VesselTree
    frame: Frame
    seed: int


def phantom_tree(seed: int, min_radius: float = MIN_RADIUS) -> VesselTree:
    """Grows the vessels of one eye.

    Args:
      seed: non-negative integer.
      min_radius: radius at which vessels end, in radii of the field of view.

    Returns:
      The `VesselTree`, whose lengths are in radii of the field of view.

    Raises:
      ValueError: the seed is negative.
    """
    if seed < 0:
        raise ValueError(f"seed must not be negative. Received: {seed}.")
    rng = np.random.default_rng([seed, TREE_STREAM])
    return Grower(random_anatomy(rng), rng, min_radius).grow()


def visible_radius(frame: Frame) -> float:
    """Returns the radius at which vessels end in a photograph.

    It is at least 0.35 pixels, since small photographs do not show the thinnest
    vessels, and at most 0.007, so that the smallest photographs still have
    vessels.

    Args:
      frame: the photograph's size.

    Returns:
      The radius, in radii of the field of view.
    """
    return max(MIN_RADIUS, min(0.35 / frame.radius, 0.007))


def phantom_retina(height: int, width: int, seed: int) -> PhantomRetina:
    """Draws one retina with its vessel map.

    Args:
      height: pixels, at least `MIN_SIZE`.
      width: pixels, at least `MIN_SIZE`.
      seed: non-negative integer. Equal seeds give equal bytes at one size, and
        at another size another photograph of the same anatomy.

    Returns:
      The photograph, its maps and its vessel tree.

    Raises:
      ValueError: the size is below `MIN_SIZE`, or the seed is negative.
    """
    if min(height, width) < MIN_SIZE:
        raise ValueError(
            f"height and width must be at least {MIN_SIZE}. "
            f"Received: {height} x {width}."
        )
    frame = Frame(height, width)
    tree = phantom_tree(seed, visible_radius(frame))
    inside = frame.fov_mask()
    artery_map, vein_map = (
        binary_map(draw_vessels(tree, frame, (kind,)), inside)
        for kind in (ARTERY, VEIN)
    )
    rng = np.random.default_rng([seed, FUNDUS_STREAM])
    return PhantomRetina(
        fundus=render_fundus(tree, frame, rng),
        vessel_map=artery_map | vein_map,
        artery_map=artery_map,
        vein_map=vein_map,
        fov_mask=inside.astype(np.uint8) * 255,
        tree=tree,
        frame=frame,
        seed=seed,
    )


def second_reading(retina: PhantomRetina) -> np.ndarray:
    """Draws the vessel map of a second annotator.

    This reader misses thin ends, the thinner the more often, and draws each
    vessel a little wider or narrower and a fraction of a pixel off its place.
    Equal retinas are read equally.

    Args:
      retina: the retina to read.

    Returns:
      (H, W) uint8 in {0, 255}.
    """
    rng = np.random.default_rng([retina.seed, READING_STREAM])
    offset_scale = 0.35 / retina.frame.radius
    kept = []
    for segment in retina.tree.segments:
        width = 2 * segment.radii[0] * retina.frame.radius
        missed = segment.terminal and rng.random() < np.exp(-0.35 * width)
        scale, offset = rng.normal(0.97, 0.1), rng.normal(size=2)
        if not missed:
            kept.append(
                dataclasses.replace(
                    segment,
                    radii=segment.radii * max(scale, 0.6),
                    points=segment.points + offset * offset_scale,
                )
            )
    coverage = draw_vessels(
        retina.tree, retina.frame, (ARTERY, VEIN), segments=kept
    )
    return binary_map(coverage, retina.fov_mask > 0)


def contact_sheet(
    rows: int, columns: int, height: int, width: int, seed: int, shown: int
) -> np.ndarray:
    """Draws a page of retinas of consecutive seeds, row by row.

    Args:
      rows: the number of retinas down the page.
      columns: the number across it.
      height: the height at which each is drawn, in pixels.
      width: the width at which each is drawn, in pixels.
      seed: the seed of the first retina.
      shown: its height on the page, in pixels; the width follows from it.

    Returns:
      (rows * shown, columns * shown width, 3) uint8 RGB.
    """
    size = (round(shown * width / height), shown)
    pictures = [
        cv2.resize(
            phantom_retina(height, width, seed + i).fundus,
            size,
            interpolation=cv2.INTER_AREA,
        )
        for i in range(rows * columns)
    ]
    page = np.stack(pictures).reshape((rows, columns, size[1], size[0], 3))
    return page.swapaxes(1, 2).reshape(rows * size[1], columns * size[0], 3)
