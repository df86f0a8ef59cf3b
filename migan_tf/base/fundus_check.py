"""Whether a picture can be a photograph of a fundus.

Fundus photographs are of many kinds: in colours, red-free, grey, tinted, dark,
in a black or a white surround or cropped, of 30° or of 200°. None is refused
here; what is refused are pictures that none of them is like: of several colours
as a landscape has them, of edges that run along rows and columns as of houses,
windows and lines of text, or of grain alone.
"""

import cv2
import numpy as np

from migan_tf.base import image_files
from migan_tf.base.errors import UserError
from migan_tf.base.pictures import LEAST_SIDE, MOST_ASPECT

SIDE = 320  # longer side, in pixels, of the copy that is looked at
DARK, WHITE = 16, 245  # of 255: levels of a surround
RIM = 0.04  # of the longer side: so much beside a surround is not looked at
LEAST_LOOKED_AT = 0.05  # of the frame: of less nothing is said
MOST_WHITE = 0.5  # of the frame, where nothing filled lies before it
# Of what the greatest channel has beyond the least: of a coloured pixel at
# least so many levels, and such a share of the greatest.
LEAST_CHROMA, LEAST_SATURATION = 16, 0.35
COLOURFUL = 0.1  # share of such pixels, from which hues are looked at
ONE_TINT = 0.85  # length of the mean hue: 1 where all are the same
# Degrees of hue that no retina has, from green to purple, and their share of
# the pixels.
COLD, MOST_COLD = (100, 300), 0.25
EDGE_SHARE = 0.05  # the strongest steps of brightness are the edges
ALONG = 4  # degrees that an edge along a row or column may be off
MOST_ALONG = 0.6  # share of the edges; of a retina's 0.1 to 0.3
LEAST_STEP = 16  # levels: weaker edges say nothing
LEAST_ALIKE = 0.5  # correlation of neighbours; of a retina's 0.8 and more
LEAST_SPREAD = 12  # standard deviation in levels, of which grain may be noise
# Of the range of the levels: as far from the middle one lies a ground that is
# even, and the share of it in a page; a flat red-free retina has 0.7, too, but
# no lines.
EVEN, MOST_EVEN = 0.05, 0.6
ROUGH, MOST_ROUGH = 0.1, 0.16  # steps of that share of the range, and how many


def check(fundus, name) -> None:
    """Refuses a picture that cannot be a photograph of a fundus.

    Args:
      fundus: (H,W,3) uint8, RGB.
      name: of the file, for the message.

    Raises:
      UserError: it says what is wrong with it.
    """
    height, width = fundus.shape[:2]
    short, long = sorted((height, width))
    if short < LEAST_SIDE or long > MOST_ASPECT * short:
        raise UserError(
            f"{name}: no fundus found: each side must have {LEAST_SIDE} pixels "
            f"and none be more than {MOST_ASPECT} times the other. Received: "
            f"{height} × {width}"
        )
    found = doubt(measures(fundus))
    if found:
        raise UserError(
            f"{name}: no fundus found: it has {found}. Next: give a photograph "
            "of a fundus, or --force if it is one"
        )


def doubt(found) -> str:
    """Why a picture of such `measures` is no fundus; empty where it may be."""
    if found["cold"] > MOST_COLD and found["tint"] < ONE_TINT:
        return (
            "several colours, among them green or blue, which no retina has "
            f"({found['cold']:.0%} of its pixels)"
        )
    if found["white"] > MOST_WHITE and not found["left"]:
        return "lines on a white ground, as text and drawings have them"
    if found["alike"] < LEAST_ALIKE:
        return "grain or lines of text everywhere"
    if found["even"] > MOST_EVEN and found["rough"] > MOST_ROUGH:
        return "an even ground with lines on it, as text and drawings have them"
    if found["along"] > MOST_ALONG:
        return "edges along rows and columns, as houses and windows have them"
    return ""


def measures(fundus) -> dict[str, float]:
    """What `doubt` judges by, of (H,W,3) uint8; see the constants above."""
    scale = min(1.0, SIDE / max(fundus.shape[:2]))
    small = cv2.resize(
        fundus, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
    )  # fmt: skip
    low, top = image_files.channel_range(small)
    inside = _inside(low, top)
    found = dict.fromkeys(("cold", "along", "even", "rough", "left"), 0.0)
    found |= {"tint": 1.0, "alike": 1.0, "white": float((low > WHITE).mean())}
    if inside.mean() < LEAST_LOOKED_AT:
        return found
    found["left"] = float(inside.mean())
    found |= _hues(small, inside, low=low, top=top)
    return found | _texture(small, inside)


def _inside(low, top):
    """Where there is no surround, nor the rim beside it, (H,W) bool."""
    surround = ((top < DARK) | (low > WHITE)).astype(np.uint8)
    # Of the dark and the white what hangs together with the frame.
    framed = np.pad(surround, 1, constant_values=1)
    cv2.floodFill(framed, None, seedPoint=(0, 0), newVal=2)
    outside = (framed == 2)[1:-1, 1:-1].astype(np.uint8)
    side = 2 * max(1, round(RIM * max(low.shape))) + 1
    return cv2.dilate(outside, np.ones((side, side), np.uint8)) == 0


def _hues(small, inside, low, top):
    chroma = top - low
    saturated = chroma >= LEAST_SATURATION * top
    coloured = inside & saturated & (chroma >= LEAST_CHROMA)
    if coloured.sum() < COLOURFUL * inside.sum():
        return {}
    hue = cv2.cvtColor(small, cv2.COLOR_RGB2HSV_FULL)[..., 0] * (360 / 256)
    hue, weight = hue[coloured], chroma[coloured].astype(float)
    cold = (hue >= COLD[0]) & (hue <= COLD[1])
    mean = np.average(np.exp(1j * np.deg2rad(hue)), weights=weight)
    share = np.count_nonzero(cold) / np.count_nonzero(inside)
    return {"cold": float(share), "tint": float(abs(mean))}


def _texture(small, inside):
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    pairs = inside[:, 1:] & inside[:, :-1]
    left, right = grey[:, :-1][pairs], grey[:, 1:][pairs]
    found = {}
    if pairs.any() and min(left.std(), right.std()) > LEAST_SPREAD:
        found["alike"] = float(np.corrcoef(left, right)[0, 1])
    across, down = (
        cv2.Sobel(grey, cv2.CV_32F, dx=dx, dy=1 - dx, scale=1 / 8)[inside]
        for dx in (1, 0)
    )
    steps = np.hypot(across, down)
    levels = grey[inside]
    low, middle, top = np.quantile(levels, (0.005, 0.5, 0.995))
    if top - low > 4 * LEAST_SPREAD:
        near = np.abs(levels - middle) <= EVEN * (top - low)
        found["even"] = float(near.mean())
        found["rough"] = float((steps > ROUGH * (top - low)).mean())
    least = max(LEAST_STEP, np.quantile(steps, 1 - EDGE_SHARE))
    edges = steps >= least
    if edges.sum() > 0.2 * EDGE_SHARE * edges.size:
        angle = np.rad2deg(np.arctan2(down[edges], across[edges])) % 90
        found["along"] = float(((angle < ALONG) | (angle > 90 - ALONG)).mean())
    return found
