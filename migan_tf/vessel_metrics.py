"""What is measured of vessel maps beyond counts of pixels."""

import cv2
import numpy as np

# Pixels beside a vessel that belong to its edge as much as to the ground.
MARGIN = 2


def style_leak(decision, painted_map, style_map, fov_mask, margin=MARGIN):
    """How much of x_s's vessels is found in an image painted for another map.

    Args:
      decision: (H,W) bool, the vessels that were found in the painted image.
      painted_map: (H,W) bool, the vessels it was painted from.
      style_map: (H,W) bool, the vessels of x_s.
      fov_mask: (H,W) bool; nothing outside counts.
      margin: pixels around vessels that do not count as free of them.

    Returns:
      (leak, chance), each in [0,1] or NaN where there is no such pixel: the
      share of x_s's vessel pixels away from painted_map's vessels that were
      called vessel, and the same share of the pixels away from both. Without
      any leak the two are alike.
    """
    away = fov_mask & ~_widened(painted_map, margin)
    on_style = away & style_map
    on_ground = away & ~_widened(style_map, margin)
    return tuple(
        float(decision[where].mean()) if where.any() else float("nan")
        for where in (on_style, on_ground)
    )


def _widened(vessel_map, margin):
    """(H,W) bool: vessel_map and all within `margin` pixels of it."""
    side = 2 * margin + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return cv2.dilate(vessel_map.astype(np.uint8), disc) > 0
