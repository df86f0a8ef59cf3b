"""The field of view of a STARE photograph, which has no official mask."""

import cv2
import numpy as np

RED_THRESHOLD = 40
OPENING_DIAMETER = 7


def find_fov(fundus: np.ndarray) -> np.ndarray:
    """Marks the pixels of a STARE photograph that show the retina.

    The photographs are scanned slides: outside the aperture the red channel
    stays at 40 or less (99.9 % of the pixels at 39 or less), inside it is
    above that but for dark vessels and lesions. So the field of view is the
    outline, filled, of the largest region above 40, without the specks that
    hang on its edge. The threshold holds for STARE and for nothing else.

    Args:
      fundus: uint8 (H, W, 3), RGB.

    Returns:
      uint8 (H, W), 255 inside the field of view and 0 outside; all 0 where
      no pixel is above the threshold.
    """
    bright = (fundus[..., 0] > RED_THRESHOLD).astype(np.uint8)
    disc = cv2.getStructuringElement(
        cv2.MORPH_ELLIPSE, (OPENING_DIAMETER, OPENING_DIAMETER)
    )
    opened = cv2.morphologyEx(bright, cv2.MORPH_OPEN, disc)
    outlines, _ = cv2.findContours(
        opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    fov_mask = np.zeros_like(bright)
    if outlines:
        largest = max(outlines, key=cv2.contourArea)
        cv2.drawContours(
            fov_mask, [largest], contourIdx=0, color=255, thickness=cv2.FILLED
        )
    return fov_mask
