"""What is measured of vessel maps beyond counts of pixels."""

import cv2
import numpy as np

# Pixels beside a vessel that belong to its edge as much as to the ground.
MARGIN = 2
# Share of the frame's side that is the rim of a FOV: segmenters see vessels in
# ragged rims, in every image, and rims lie where rims lie.
RIM = 1 / 16
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def skeleton(vessel_map):
    r"""The morphological skeleton with the 3×3 cross B (Lantuéjoul 1977).

    S(X) = ∪ₙ (X ⊖ nB) \ ((X ⊖ nB) ∘ B): what erosion leaves and an opening
    loses, over all n. The soft skeleton of clDice (Shit et al. 2021) iterates
    the same; the dilation in its authors' program is by the full square, which
    drops some of the single pixels at corners that this one keeps.

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
    """Whether vessels connect alike: clDice (Shit et al. 2021, Eq. 1, 2).

    The harmonic mean of |S(decision) ∩ truth| / |S(decision)|, topology
    precision, and |S(truth) ∩ decision| / |S(truth)|, topology sensitivity.

    Args:
      truth: (H,W) bool.
      decision: (H,W) bool.

    Returns:
      In [0,1]; 0/0 = 0 as in `metrics`.
    """
    precision = _share_inside(skeleton(decision), truth)
    sensitivity = _share_inside(skeleton(truth), decision)
    total = precision + sensitivity
    return 2 * precision * sensitivity / total if total else 0.0


def thick_vessels(vessel_map, width):
    """The vessels into which a disc of a given diameter fits.

    Args:
      vessel_map: (H,W) bool; beyond the frame there are no vessels.
      width: diameter in pixels, a whole number of at least 1. The disc holds
        the pixels whose centres lie at most width / 2 from its own.

    Returns:
      (H,W) bool, the opening of `vessel_map`; the rest is thin.

    Raises:
      ValueError: not such a width.
    """
    if width != int(width) or width < 1:
        raise ValueError(
            f"`width` must be a whole number from 1. Received: width={width}"
        )
    along = np.arange(int(width)) - (width - 1) / 2
    disc = np.hypot(along[:, None], along) <= width / 2
    disc = disc.astype(np.uint8)
    return _dilated(_eroded(np.asarray(vessel_map, bool), disc), disc)


def style_leak(decision, painted_map, style_map, fov_mask, margin=MARGIN):
    """How much of x_s's vessels is found in an image painted for another map.

    Args:
      decision: (H,W) bool, the vessels that were found in the painted image.
      painted_map: (H,W) bool, the vessels it was painted from.
      style_map: (H,W) bool, the vessels of x_s.
      fov_mask: (H,W) bool, what both images show; nothing outside counts, nor
        does its rim, RIM of the longer side.
      margin: pixels around vessels that do not count as free of them.

    Returns:
      (leak, chance), each in [0,1] or NaN where there is no such pixel: the
      share of x_s's vessel pixels away from painted_map's vessels that were
      called vessel, and the same share of the pixels away from both. Without
      any leak the two are alike.
    """
    rim = round(RIM * max(fov_mask.shape))
    inner = cv2.erode(fov_mask.astype(np.uint8), _disc(rim)) > 0
    away = inner & ~_widened(painted_map, margin)
    on_style = away & style_map
    on_ground = away & ~_widened(style_map, margin)
    return tuple(
        float(decision[where].mean()) if where.any() else float("nan")
        for where in (on_style, on_ground)
    )


def _widened(vessel_map, margin):
    """(H,W) bool: vessel_map and all within `margin` pixels of it."""
    return cv2.dilate(vessel_map.astype(np.uint8), _disc(margin)) > 0


def _disc(radius):
    side = 2 * radius + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def _share_inside(lines, vessels) -> float:
    """Share of `lines` that lies in `vessels`; 0 without lines."""
    return float(vessels[lines].mean()) if lines.any() else 0.0


def _eroded(vessel_map, element):
    return cv2.erode(
        vessel_map.astype(np.uint8),
        element,
        borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    ).astype(bool)


def _dilated(vessel_map, element):
    # OpenCV does not turn the element about: for an even width its middle must
    # move to the other of the two pixels, or an opening would be shifted.
    middle = (element.shape[0] - 1) // 2
    return cv2.dilate(
        vessel_map.astype(np.uint8),
        element,
        anchor=(middle, middle),
        borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    ).astype(bool)
