"""The ground of a fundus: its colours without vessels and without detail.

A ground is a field of `CELLS` × `CELLS` means. What vessels or the rim cover is
filled from the cells around it, so that a field has no edge of its own.
"""

import cv2
import numpy as np
import tensorflow as tf

from migan_tf.models import layers

CELLS = 64
# Photographs blur vessels and the rim over about so many pixels at 512 × 512.
_VESSEL_MARGIN, _RIM_MARGIN = 2, 4
# Standard deviations, in cells, of the weighted means that fill a cell with too
# few pixels of its own. The last one reaches over the widest optic disc.
_REACHES = (0.8, 1.6, 3.2, 6.4, 12.8, 25.6)


def ground_of(fundus, vessel_map, fov_mask):
    """Averages a photograph over cells, without its vessels.

    Args:
      fundus: (S,S,3) float32.
      vessel_map: (S,S,1) float32 in [0,1].
      fov_mask: (S,S,1) float32 in {0,1}, with a pixel inside at least.

    Returns:
      (CELLS,CELLS,3) float32, in the range of `fundus`. A cell without pixels
      of the ground, outside of the FOV, too, holds a mean of its surroundings.
    """
    scale = fundus.shape[0] / 512
    vessels = _grown(vessel_map[..., 0] > 0.15, _VESSEL_MARGIN * scale)
    outside = _grown(fov_mask[..., 0] == 0, _RIM_MARGIN * scale)
    weight = (~vessels & ~outside).astype(np.float32)
    if not weight.any():  # Maps that fill the FOV leave no ground to be seen.
        weight = fov_mask[..., 0].astype(np.float32)
    sums, weights = (
        cv2.resize(plane, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
        for plane in (fundus * weight[..., None], weight)
    )
    return _filled(sums, weights[..., None])


def vessel_density(vessel_map):
    """What of a vessel map the ground model sees, in TensorFlow ops.

    Args:
      vessel_map: (B,S,S,1) float32 in [0,1], S from `CELLS` on.

    Returns:
      (B,CELLS,CELLS,2) float32: the share of vessels in each cell, and that of
      vessels that are more than two pixels wide at 512 × 512.
    """
    side = 8 * CELLS
    vessel_map = tf.image.resize(vessel_map, (side, side), "area")
    thick = layers.eroded(vessel_map, 3)
    return cell_means(tf.concat([vessel_map, thick], -1))


def cell_means(image):
    """Averages (B,S,S,C) float32 over cells, to (B,CELLS,CELLS,C)."""
    return tf.image.resize(image, (CELLS, CELLS), "area")


def at_full_size(field, size):
    """Resizes a ground to an image's size, smoothly, in TensorFlow ops.

    Args:
      field: (B,CELLS,CELLS,3) float32.
      size: (height, width).

    Returns:
      (B,height,width,3) float32.
    """
    return tf.image.resize(field, size, "bicubic")


def _grown(plane, margin):
    side = 2 * max(1, round(margin)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    # What lies beyond the frame is as it is at the border.
    return cv2.dilate(plane.astype(np.uint8), disc) > 0


def _filled(sums, weights):
    """Weighted means (h,w,3) at each cell, as local as the weights allow."""
    filled = None
    for reach in reversed(_REACHES):
        weight = _blurred(weights, reach)
        mean = _blurred(sums, reach) / np.maximum(weight, 1e-6)
        trust = np.minimum(weight / 0.25, 1.0)
        filled = mean if filled is None else trust * mean + (1 - trust) * filled
    return filled.astype(np.float32)


def _blurred(plane, stddev):
    blurred = cv2.GaussianBlur(
        plane, (0, 0), stddev, borderType=cv2.BORDER_CONSTANT
    )
    return blurred.reshape(*plane.shape[:2], -1)
