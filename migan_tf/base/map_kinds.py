"""What a picture shows: retina, vessels, or the field of view.

Folders have all kinds of names; `masks` may hold vessels or fields of view.
What is drawn tells: vessels are thin, a field of view is filled.
"""

import contextlib

import cv2
import numpy as np

from migan_tf.base import image_files, map_values
from migan_tf.base.errors import UserError

PHOTOGRAPH, VESSELS, FILLED = "photographs", "vessel maps", "filled areas"
INVERTED, EMPTY, GREY = "inverted vessel maps", "empty maps", "grey pictures"
COLOURED_MAP = "coloured maps"  # such as those of arteries and veins

SIDE = 288  # shorter side, in pixels, of the copy that is looked at
THIN = 0.02  # of the shorter side: radius of the disc that vessels do not hold
LEAST_RADIUS = 3  # pixels, for small pictures
THIN_SHARE = 0.5  # of what is marked, from which it is a map of vessels
DARK_SHARE = 0.03  # of the area: thin and dark, so vessels on light ground
LEAST_AREA = 0.3  # of the frame: a smaller filled area is no field of view
COLOURED = 0.02  # share of the pixels whose channels differ
# A drawing's ground is of one level: within GROUND of the range, most of it.
GROUND, GROUND_SHARE = 0.02, 0.8
# Its areas have this many colours at most, which cover that share of what is
# lit; of photographs they cover a fifth, in grey and very dark two thirds.
FEW, COLOURS_SHARE, LEVELS_SHARE = 4, 0.7, 0.9


def kind_of_file(file) -> str:
    """One of the kinds above for an `image_files.ImageFile`.

    Raises:
      UserError: it cannot be read.
    """
    try:
        plane = map_values.read_map(file)
        kind = kind_of(plane)
    except UserError as error:
        try:
            pixels = image_files.read_photograph(file)
        except UserError:
            raise error from None  # That of a map, which it must be.
        return COLOURED_MAP if _is_drawn(pixels) else PHOTOGRAPH
    if kind != VESSELS and plane.min() < plane.max():
        with contextlib.suppress(UserError):  # a map that is no picture
            if not _is_drawn(image_files.read_photograph(file)):
                return GREY
    return kind


def read_photograph(file) -> np.ndarray:
    """`image_files.read_photograph`, of what is no map.

    Args:
      file: an `ImageFile`.

    Raises:
      UserError: it is not readable, holds no photograph, or is drawn, as maps
        of vessels and fields of view are.
    """
    fundus = image_files.read_photograph(file)
    if _is_drawn(fundus):
        raise UserError(
            f"{file.name} must be a photograph. Received: one that looks like "
            "a map, of lines or areas of few colours. Next: give the "
            "photograph; or one that is better lit, if it is one"
        )
    return fundus


def _is_drawn(fundus):
    """Whether a picture (H,W,3) is drawn: thin lines, or areas of few colours.

    A photograph of a retina is neither, whatever its light: what is lit is
    filled, and of many colours.
    """
    # Every third row and column of a large one tells as much.
    step = 1 + 2 * (min(fundus.shape[:2]) > 2 * SIDE)
    pixels = fundus[::step, ::step]
    if (pixels == pixels[0, 0]).all():  # Nothing is drawn in it.
        return False
    low, plane = image_files.channel_range(pixels)
    top = plane.max()
    lit = plane > 0.1 * top
    even = (plane[~lit] <= GROUND * top).mean() if not lit.all() else 0.0
    if even > GROUND_SHARE:
        brightest = image_files.channel_range(fundus)[1]
        if kind_of(brightest / np.float32(top)) == VESSELS:
            return True
    apart = plane - low > image_files.CHANNEL_TOLERANCE
    is_coloured = apart.mean() > COLOURED
    codes = pixels[lit].astype(np.uint32) @ np.uint32([65536, 256, 1])
    counts = np.sort(np.unique(codes, return_counts=True)[1])
    share = counts[-FEW:].sum() / counts.sum()
    return share > (COLOURS_SHARE if is_coloured else LEVELS_SHARE)


def kind_of(plane) -> str:
    """One of the kinds above for a grey picture, (H,W) float in [0,1]."""
    if map_values.is_grey(plane):
        return GREY
    if not (plane >= map_values.VESSEL).any():
        return EMPTY
    scale = min(1.0, SIDE / min(plane.shape))
    small = cv2.resize(
        plane.astype(np.float32), None, fx=scale, fy=scale,
        interpolation=cv2.INTER_AREA,
    )  # fmt: skip
    width = 2 * max(LEAST_RADIUS, round(THIN * min(small.shape))) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    # At these levels lines that are thin in the original do not vanish.
    light = (small > 0.1).astype(np.uint8)
    thick = cv2.morphologyEx(light, cv2.MORPH_OPEN, disc)
    if 1 - thick.sum() / light.sum() > THIN_SHARE and light.mean() < 0.6:
        return VESSELS
    bright = (small > 0.9).astype(np.uint8)
    closed = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, disc)
    # Corners between a round field and the frame are thin and dark, too.
    inside = tuple(slice(n // 8, n - n // 8) for n in small.shape)
    if (closed - bright)[inside].sum() > DARK_SHARE * closed[inside].sum():
        return INVERTED
    return FILLED if bright.mean() >= LEAST_AREA else GREY
