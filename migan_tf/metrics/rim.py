"""Measures the rim of the field of view: how its light ends.

In a photograph the light ends within two or three pixels, and what lies further
inside is nowhere black. A generator may leave black notches, a fringe of
another colour or a glow outside.
"""

import cv2
import numpy as np

OUTSIDE, INSIDE = 8, 16  # pixels from the edge that a profile shows
# A rim is compared with the level so many pixels further inside.
INWARD = 20
SMOOTHING = 4.0  # pixels, so that no single vessel is compared with
DARK = 30  # grey levels: where all channels are below, nothing is seen …
LIT = 60  # … and where one is above, further inside, something should be
WIDTH = 8  # pixels inside the edge that are searched for dark ones
EDGE = 2  # pixels to either side of the edge that resampling has mixed
# Shares from which on a rim is at fault, see `is_fault`.
DARK_SHARE, STRAY_SHARE = 0.002, 0.005


def rim_profile(fundus, fov_mask):
    """The level from outside the FOV's edge to well inside.

    Args:
      fundus: (H,W,3) uint8.
      fov_mask: (H,W) bool, not empty.

    Returns:
      (P,) float64, for each of `distances()` the mean over its pixels and the
      channels, as a share of the mean level `INWARD` pixels further inside: 0
      is black, 1 as light as there; NaN where there is no such pixel.
    """
    depth = signed_distance(fov_mask)
    levels = fundus.astype(np.float64).mean(axis=-1)
    further = _further_inside(fundus, fov_mask, depth).mean(axis=-1)
    profile = []
    for distance in distances():
        ring = np.abs(depth - distance) <= 0.5
        light = further[ring].sum()
        profile.append(levels[ring].sum() / light if light else np.nan)
    return np.array(profile)


def distances():
    """(P,) float64: pixels from the edge; 0.5 is the first inside."""
    return np.arange(-OUTSIDE, INSIDE) + 0.5


def rim_shares(fundus, fov_mask) -> tuple[float, float]:
    """What is wrong at the rim, as shares of pixels.

    Args:
      fundus: (H,W,3) uint8.
      fov_mask: (H,W) bool, not empty.

    Returns:
      (dark, stray): the share of pixels from `EDGE` to `WIDTH` inside the edge
      that are dark in all channels where it is lit further inside, and the
      share of pixels more than `EDGE` outside the edge that are not dark; 0
      where there are none.
    """
    depth = signed_distance(fov_mask)
    brightest = fundus.max(axis=-1)
    further = _further_inside(fundus, fov_mask, depth).max(axis=-1)
    ring = (depth > EDGE) & (depth <= WIDTH) & (further >= LIT)
    return (
        _share(brightest[ring] < DARK),
        _share(brightest[depth < -EDGE] >= DARK),
    )


def rim_fault(fundus, fov_mask) -> bool:
    """Whether the rim is one that no photograph has; see `is_fault`.

    Args:
      fundus: (H,W,3) uint8.
      fov_mask: (H,W) bool, not empty.
    """
    return is_fault(*rim_shares(fundus, fov_mask))


def is_fault(dark, stray) -> bool:
    """Whether `rim_shares` are those of no photograph.

    They are where more than `DARK_SHARE` of the rim is dark or more than
    `STRAY_SHARE` of what lies outside is not. Of the 40 photographs of DRIVE
    none is so, at the networks' size of 512 as at their own: none has a dark
    pixel in its rim, and at most 0.002 of what lies outside is lit.

    Args:
      dark: the first of the shares.
      stray: the second.
    """
    return bool(dark > DARK_SHARE or stray > STRAY_SHARE)


def signed_distance(fov_mask):
    """Distance to the FOV's edge in pixels, (H,W) float64.

    Positive inside. The edge runs between pixels: those beside it are at 0.5
    and -0.5. The frame is no edge.

    Args:
      fov_mask: (H,W) bool.
    """
    inside, outside = (
        cv2.distanceTransform(
            plane.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
        ).astype(np.float64)
        for plane in (fov_mask, ~fov_mask)
    )
    return np.where(fov_mask, inside - 0.5, 0.5 - outside)


def _further_inside(fundus, fov_mask, depth):
    """(H,W,3) float32: levels `INWARD` pixels further inside.

    They are smoothed over the FOV alone, so that its surround darkens nothing.
    """
    share = fov_mask.astype(np.float32)
    values = fundus.astype(np.float32) * share[..., None]
    smooth = cv2.GaussianBlur(values, (0, 0), SMOOTHING)
    share = cv2.GaussianBlur(share, (0, 0), SMOOTHING)
    smooth /= np.maximum(share, 1e-6)[..., None]
    # The slope of the depth points inwards; that of single pixels is ragged.
    slopes = np.gradient(cv2.GaussianBlur(depth, (0, 0), SMOOTHING))
    length = np.maximum(np.hypot(*slopes), 1e-6)
    rows, columns = (
        (index + INWARD * slope / length).astype(np.float32)
        for index, slope in zip(np.indices(depth.shape), slopes, strict=True)
    )
    return cv2.remap(
        smooth,
        columns,
        rows,
        interpolation=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _share(found) -> float:
    return float(found.mean()) if found.size else 0.0
