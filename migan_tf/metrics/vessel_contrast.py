"""Measures how vessels stand out from the ground beside them.

All is seen in the green channel, where vessels are darkest. A vessel's level is
compared with the ground beside it, never with the whole image, which is lighter
at the disc and darker at the rim. It is read where the vessel was annotated:
what lies beside its annotation, as in photographs, looks fainter than it is,
and `cross_section.centred_contrast` is the fairer figure.
"""

import cv2
import numpy as np

from migan_tf.metrics import texture, vessels

# Side of the window of ground that a vessel is compared with, as a share of
# the FOV's diameter; it spans the widest vessel three times.
WINDOW = 1 / 14
LEAST_WINDOW = 15  # pixels, so that small images have ground beside vessels
# Vessels nearer to the edge than this share of the diameter are left out.
RIM = 1 / 40
# Pixels beside a thick vessel that are its flank and no thin vessel.
FLANK = 2
# Grey levels of deviation below which a ground is flat, but for rounding.
FLAT = 0.01
# A thin vessel whose contrast is less than this many times the ground's
# deviation is one that an annotator saw and the image hardly shows.
INVISIBLE = 0.5


def contrast_to_noise(fundus, fov_mask, vessel_map, thick_width):
    """How far vessels stand out from the ground beside them.

    Args:
      fundus: (H,W,3) uint8.
      fov_mask: (H,W) bool.
      vessel_map: (H,W) bool.
      thick_width: pixels from which on a vessel is thick, as
        `vessels.thick_vessels` has it.

    Returns:
      {`thin`, `thick`: mean over the vessels' pixels of the local ground's
      level minus the vessel's, over the local ground's standard deviation,
      `invisible_thin`: share of the thin vessels' pixels where that is less
      than `INVISIBLE`, each taken as the mean of it and its neighbours on the
      vessel}; NaN without such vessels.
    """
    thin, thick = calibres(vessel_map, thick_width)
    inside = inner(fov_mask)
    means, deviations = local_ground(fundus, fov_mask, vessel_map)
    green = fundus[..., texture.GREEN].astype(np.float64)
    compared = inside & (deviations > FLAT)
    contrast = (means - green) / np.where(compared, deviations, 1.0)
    thin, thick = thin & compared, thick & compared
    along = mean_within(contrast, thin, 3)
    return {
        "thin": mean_of(contrast[thin]),
        "thick": mean_of(contrast[thick]),
        "invisible_thin": mean_of(along[thin] < INVISIBLE),
    }


def calibres(vessel_map, thick_width):
    """Splits a map into thin and thick vessels.

    Args:
      vessel_map: (H,W) bool.
      thick_width: pixels from which on a vessel is thick.

    Returns:
      (thin, thick), (H,W) bool each; the flanks of thick vessels, which no
      disc fits into either, are neither.
    """
    thick = vessels.thick_vessels(vessel_map, thick_width)
    return vessel_map & ~texture.dilated(thick, FLANK), thick


def local_ground(fundus, fov_mask, vessel_map, margin=texture.VESSEL_MARGIN):
    """Mean and deviation of the green channel's plain ground about a pixel.

    Args:
      fundus: (H,W,3) uint8.
      fov_mask: (H,W) bool.
      vessel_map: (H,W) bool.
      margin: pixels beside a vessel that are no ground.

    Returns:
      (means, deviations), (H,W) float64 in grey levels, over the ground in a
      window of `WINDOW` diameters; NaN where it holds none.
    """
    side = 2 * round(WINDOW * texture.diameter(fov_mask) / 2) + 1
    side = max(LEAST_WINDOW, side)
    ground = fov_mask & ~texture.dilated(vessel_map, margin)
    green = fundus[..., texture.GREEN].astype(np.float64)
    means = mean_within(green, ground, side)
    squares = mean_within(green**2, ground, side)
    return means, np.sqrt(np.maximum(squares - means**2, 0))


def inner(fov_mask):
    """The FOV without its rim, (H,W) bool."""
    rim = max(1, round(RIM * texture.diameter(fov_mask)))
    return ~texture.dilated(~fov_mask, rim)


def mean_within(plane, where, side):
    """The mean of a plane's pixels `where`, in a window.

    Args:
      plane: (H,W) float; what is not `where` may be NaN.
      where: (H,W) bool.
      side: of the window in pixels, odd.

    Returns:
      (H,W) float64; NaN where the window holds none.
    """
    window = (side, side)
    total = cv2.boxFilter(np.where(where, plane, 0.0), -1, window)
    share = cv2.boxFilter(where.astype(np.float64), -1, window)
    return np.where(share > 1e-9, total / np.maximum(share, 1e-9), np.nan)


def mean_of(values):
    """The mean of (N,) values as a float, NaN of none."""
    return float(values.mean()) if values.size else float("nan")
