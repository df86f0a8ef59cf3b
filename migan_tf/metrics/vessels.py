"""Compares vessel maps by more than counts of pixels.

clDice asks whether vessels connect alike, `thick_vessels` splits a map by
calibre, and `style_leak` asks whether an image shows the vessels of the
photograph that gave it its style.
"""

import cv2
import numpy as np

# Pixels around a vessel that belong to its edge as much as to the background.
MARGIN = 2
# The width of the field of view's rim, as a share of the frame's longer side.
# Segmenters find vessels in ragged rims, which lie at one place in all images.
RIM = 1 / 16
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def skeleton(vessel_map):
    r"""Returns the morphological skeleton of a map (Lantuéjoul 1977).

    S(X) = ∪ₙ (X ⊖ nB) \ ((X ⊖ nB) ∘ B) with the 3×3 cross B: of every erosion
    of the map it keeps what an opening would lose. The soft skeleton of clDice
    (Shit et al. 2021) iterates the same. Its authors' program dilates by the
    full square, which drops some single pixels at corners that this one keeps.

    Args:
      vessel_map: (H,W) bool; beyond the frame there are no vessels.

    Returns:
      (H,W) bool, a part of `vessel_map`.
    """
    left = np.asarray(vessel_map, bool)
    lines = np.zeros_like(left)
    while left.any():
        eroded = _eroded(left, CROSS)
        lines |= left & ~_dilated(eroded, CROSS)
        left = eroded
    return lines


def centreline_dice(truth, decision) -> float:
    """Scores how alike vessels connect: clDice (Shit et al. 2021, Eq. 1, 2).

    It is the harmonic mean of the topology precision
    |S(decision) ∩ truth| / |S(decision)| and the topology sensitivity
    |S(truth) ∩ decision| / |S(truth)|, where S is the `skeleton`.

    Args:
      truth: (H,W) bool.
      decision: (H,W) bool.

    Returns:
      A number in [0,1]; 0/0 is 0.
    """
    precision = _share_inside(skeleton(decision), truth)
    sensitivity = _share_inside(skeleton(truth), decision)
    total = precision + sensitivity
    return 2 * precision * sensitivity / total if total else 0.0


def thick_vessels(vessel_map, width):
    """Returns the vessels into which a disc of a given diameter fits.

    Args:
      vessel_map: (H,W) bool; beyond the frame there are no vessels.
      width: the diameter in pixels, a whole number from 1. The disc holds the
        pixels whose centres are at most width / 2 away from its own centre.

    Returns:
      (H,W) bool, the opening of `vessel_map` by the disc; the rest is thin.

    Raises:
      ValueError: the width is not such a number.
    """
    if width != int(width) or width < 1:
        raise ValueError(
            f"`width` must be a whole number from 1. Received: width={width}"
        )
    along = np.arange(int(width)) - (width - 1) / 2
    disc = np.hypot(along[:, None], along) <= width / 2
    disc = disc.astype(np.uint8)
    return _dilated(_eroded(np.asarray(vessel_map, bool), disc), disc)


def style_leak(decision, painted_map, style_map, fov_mask):
    """Measures how many vessels of x_s are found in an image of another map.

    Args:
      decision: (H,W) bool, the vessels that were found in the painted image.
      painted_map: (H,W) bool, the vessels from which it was painted.
      style_map: (H,W) bool, the vessels of x_s, the style's photograph.
      fov_mask: (H,W) bool, what both images show. Nothing outside it counts,
        and neither does its rim of `RIM` times the longer side.

    Returns:
      (leak, chance), each in [0,1], or NaN where there is no such pixel. The
      leak is the share of called vessels among x_s's vessel pixels that are
      away from the painted vessels. The chance is the same share among the
      pixels that are away from both, that is, by more than `MARGIN` pixels.
      Without any leak the two are alike.
    """
    rim = round(RIM * max(fov_mask.shape))
    inner = cv2.erode(fov_mask.astype(np.uint8), _disc(rim)) > 0
    away = inner & ~_widened(painted_map)
    on_style = away & style_map
    on_ground = away & ~_widened(style_map)
    return tuple(
        float(decision[where].mean()) if where.any() else float("nan")
        for where in (on_style, on_ground)
    )


def _eroded(vessel_map, element):
    return cv2.erode(
        vessel_map.astype(np.uint8),
        element,
        borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    ).astype(bool)


def _dilated(vessel_map, element):
    # OpenCV does not reflect the element. Where its width is even, the anchor
    # must be the other middle pixel, or an opening would shift the vessels.
    middle = (element.shape[0] - 1) // 2
    return cv2.dilate(
        vessel_map.astype(np.uint8),
        element,
        anchor=(middle, middle),
        borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    ).astype(bool)


def _share_inside(lines, vessels) -> float:
    """The share of `lines` that lies in `vessels`; 0 without lines."""
    return float(vessels[lines].mean()) if lines.any() else 0.0


def _widened(vessel_map):
    """The vessels and all pixels within `MARGIN` of them, (H,W) bool."""
    return cv2.dilate(vessel_map.astype(np.uint8), _disc(MARGIN)) > 0


def _disc(radius):
    side = 2 * radius + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
