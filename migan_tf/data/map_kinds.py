"""What a picture shows: retina, vessels, or the field of view.

Folders have all kinds of names; `masks` may hold vessels or fields of view.
What is drawn tells: vessels are thin, a field of view is filled.
"""

import cv2
import numpy as np

from migan_tf.base import image_files, map_values

PHOTOGRAPH, VESSELS, FILLED = "photographs", "vessel maps", "filled areas"
INVERTED, EMPTY, GREY = "inverted vessel maps", "empty maps", "grey pictures"

SIDE = 288  # shorter side, in pixels, of the copy that is looked at
THIN = 0.02  # of the shorter side: radius of the disc that vessels do not hold
LEAST_RADIUS = 3  # pixels, for small pictures
THIN_SHARE = 0.5  # of what is marked, from which it is a map of vessels
DARK_SHARE = 0.03  # of the area: thin and dark, so vessels on light ground
LEAST_AREA = 0.3  # of the frame: a smaller filled area is no field of view
BETWEEN = 0.3  # share of pixels between the two values, soft maps have less
COLOURED = 0.02  # share of the pixels whose channels differ


def kind_of_file(file) -> str:
    """One of the kinds above for an `image_files.ImageFile`.

    Raises:
      UserError: it cannot be read.
    """
    pixels = image_files.read_photograph(file)
    # Every third row and column of a large one tells as much.
    step = 1 + 2 * (min(pixels.shape[:2]) > 2 * SIDE)
    spread = np.ptp(pixels[::step, ::step].astype(np.int16), axis=-1)
    if np.mean(spread > image_files.CHANNEL_TOLERANCE) > COLOURED:
        return PHOTOGRAPH
    return kind_of(map_values.read_map(file))


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
