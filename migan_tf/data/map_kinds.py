"""What a picture shows: retina, vessels, or the field of view.

Folders have all kinds of names; `masks` may hold vessels or fields of view.
What is drawn tells: vessels are thin, a field of view is filled.
"""

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
BETWEEN = 0.3  # share of pixels between the two values, soft maps have less
COLOURED = 0.02  # share of the pixels whose channels differ
DRAWN = 0.3  # share of what is lit that has shades; drawings have less


def kind_of_file(file) -> str:
    """One of the kinds above for an `image_files.ImageFile`.

    Raises:
      UserError: it cannot be read.
    """
    try:
        return kind_of(map_values.read_map(file))
    except UserError:
        pixels = _sampled(image_files.read_photograph(file))
        if not _is_coloured(pixels):
            raise
    return COLOURED_MAP if _is_drawn(pixels) else PHOTOGRAPH


def check_photograph(fundus, name) -> None:
    """Refuses a map in the place of a photograph.

    Args:
      fundus: (H,W,3) uint8.
      name: of the file, for messages.

    Raises:
      UserError: it is drawn, or shows thin bright lines in grey.
    """
    pixels = _sampled(fundus)
    grey = not _is_coloured(pixels)
    if _is_drawn(pixels) or (
        grey and kind_of(fundus[..., 1] / np.float32(255)) == VESSELS
    ):
        raise UserError(
            f"{name} must be a photograph. Received: one that looks like "
            f"{'a map' if grey else 'a coloured map'}. Next: give the "
            "photograph, or leave it out"
        )


def _sampled(pixels):
    """Every third row and column of a large picture, which tell as much."""
    step = 1 + 2 * (min(pixels.shape[:2]) > 2 * SIDE)
    return pixels[::step, ::step]


def _is_coloured(pixels):
    spread = np.ptp(pixels.astype(np.int16), axis=-1)
    return np.mean(spread > image_files.CHANNEL_TOLERANCE) > COLOURED


def _is_drawn(pixels):
    """Whether what is lit has hardly any shades, as lines and areas have."""
    lit = pixels.max(axis=-1) > 25
    shaded = ((pixels > 25) & (pixels < 230)).any(axis=-1)
    return bool(lit.any()) and shaded[lit].mean() < DRAWN


def kind_of(plane) -> str:
    """One of the kinds above for a grey picture, (H,W) float in [0,1]."""
    if np.mean((plane > 0.1) & (plane < 0.9)) > BETWEEN:
        return GREY
    if not (plane > 0.5).any():
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
