"""Measures the cross-section of vessels: how deep and how wide they are.

A vessel that is painted may stand out enough and yet be too blurred or too
sharp, have no soft flanks or a halo beside it. Its mean profile shows that.

Annotations lie up to two pixels beside the vessel, where a painted vessel lies
exactly on its map: photographs would look fainter and more blurred than they
are. So all is read at the vessel's centre, the darkest point of the slightly
smoothed image within `SHIFT` pixels across the annotated centreline, in
photographs and in painted images alike.
"""

import cv2
import numpy as np

from migan_tf.metrics import texture, vessel_contrast, vessels

REACH = 12  # pixels to either side of the centreline that a profile shows
STEP = 0.5  # pixels from one of its points to the next
CENTRE = round(REACH / STEP)  # its place in a profile
# Pixels by which an annotated centreline may lie beside the vessel.
SHIFT = 2
# Centreline pixels within this radius say which way a vessel runs, and runs
# straight if they spread so many times farther along it than across.
DIRECTION_RADIUS, STRAIGHT = 5, 4


def cross_sections(fundus, fov_mask, vessel_map, thick_width):
    """The mean profile across thin and across thick vessels.

    A profile is read along the normal of the centreline where it runs
    straight, as the level minus that of the local ground, and centred on the
    vessel. What lies beyond the vessel's own edge in another vessel is left
    out.

    Args:
      fundus: (H,W,3) uint8.
      fov_mask: (H,W) bool.
      vessel_map: (H,W) bool.
      thick_width: as for `contrast_to_noise`.

    Returns:
      {`thin`, `thick`: (P,) float64 mean profile in grey levels at
      `offsets()`, NaN where nothing was read}.
    """
    lines = centrelines(fov_mask, vessel_map, thick_width)
    means, _ = vessel_contrast.local_ground(fundus, fov_mask, vessel_map)
    relief = fundus[..., texture.GREEN].astype(np.float64) - means
    found = {}
    for name, line in lines.items():
        places, normals = _straight_places(line)
        if not len(places):
            found[name] = np.full(len(offsets()), np.nan)
            continue
        places = _centred(relief, places, normals)
        levels = _read_across(relief, places, normals)
        own = _own(_read_across(vessel_map, places, normals) > 0.5)
        found[name] = _mean_columns(levels, own & np.isfinite(levels))
    return found


def centred_contrast(fundus, fov_mask, vessel_map, thick_width):
    """How far vessels stand out at their centres.

    As `vessel_contrast.contrast_to_noise`, but along the centrelines, where
    they run straight, and at the vessel's centre.

    Args:
      fundus: (H,W,3) uint8.
      fov_mask: (H,W) bool.
      vessel_map: (H,W) bool.
      thick_width: as for `contrast_to_noise`.

    Returns:
      {`thin`, `thick`: mean over the places of the local ground's level minus
      the vessel's, over the local ground's standard deviation,
      `invisible_thin`: share of the thin places where that is less than
      `vessel_contrast.INVISIBLE`, each taken as the mean of it and its
      neighbours along the vessel}; NaN without such vessels.
    """
    lines = centrelines(fov_mask, vessel_map, thick_width)
    # The flank of a vessel beside its annotation is no ground either.
    means, deviations = vessel_contrast.local_ground(
        fundus,
        fov_mask,
        vessel_map=vessel_map,
        margin=texture.VESSEL_MARGIN + SHIFT,
    )
    relief = fundus[..., texture.GREEN].astype(np.float64) - means
    found = {}
    for name, line in lines.items():
        contrast = np.full(line.shape, np.nan)
        places, normals = _straight_places(line)
        if len(places):
            centres = _centred(relief, places, normals)
            levels = _read_across(relief, centres, normals)
            contrast[tuple(places.astype(int).T)] = -levels[:, CENTRE]
        known = np.isfinite(contrast) & (deviations > vessel_contrast.FLAT)
        contrast[known] /= deviations[known]
        found[name] = vessel_contrast.mean_of(contrast[known])
        if name == "thin":
            along = vessel_contrast.mean_within(contrast, known, 3)[known]
            found["invisible_thin"] = vessel_contrast.mean_of(
                along < vessel_contrast.INVISIBLE
            )
    return found


def centrelines(fov_mask, vessel_map, thick_width):
    """{`thin`, `thick`: (H,W) bool}, the centrelines away from the rim.

    Args:
      fov_mask: (H,W) bool.
      vessel_map: (H,W) bool.
      thick_width: as for `contrast_to_noise`.
    """
    thin, thick = vessel_contrast.calibres(vessel_map, thick_width)
    lines = vessels.skeleton(vessel_map) & vessel_contrast.inner(fov_mask)
    return {"thin": lines & thin, "thick": lines & thick}


def offsets():
    """(P,) float64: the signed distances from the centreline in pixels."""
    return np.arange(-REACH, REACH + STEP / 2, STEP)


def full_width(profile) -> float:
    """The full width of a profile at half its depth.

    Args:
      profile: (P,) float, levels at `offsets()`, 0 for the ground's.

    Returns:
      The distance in pixels between the two points, interpolated, at which the
      level is half of that at the centre. NaN if the centre is no darker than
      the ground or a side never comes up to half.
    """
    half = profile[CENTRE] / 2
    if not half < 0:
        return float("nan")
    width = 0.0
    for side in (profile[CENTRE:], profile[CENTRE::-1]):
        above = np.flatnonzero(side >= half)
        if not above.size:
            return float("nan")
        at = above[0]
        rise = (half - side[at - 1]) / (side[at] - side[at - 1])
        width += STEP * (at - 1 + rise)
    return float(width)


def _straight_places(lines):
    """((M,2) places, (M,2) unit normals), rows and columns, of straight runs.

    The direction is the principal axis of the centreline's pixels nearby.
    """
    side = 2 * DIRECTION_RADIUS + 1
    weights = lines.astype(np.float64)
    rows, columns = np.indices(lines.shape).astype(np.float64)
    mean = {
        name: vessel_contrast.mean_within(values, lines, side)
        for name, values in (
            ("r", rows),
            ("c", columns),
            ("rr", rows**2),
            ("cc", columns**2),
            ("rc", rows * columns),
        )
    }
    rr = mean["rr"] - mean["r"] ** 2
    cc = mean["cc"] - mean["c"] ** 2
    rc = mean["rc"] - mean["r"] * mean["c"]
    spread = np.hypot(rr - cc, 2 * rc)
    long, short = rr + cc + spread, np.maximum(rr + cc - spread, 1e-6)
    count = cv2.boxFilter(weights, -1, (side, side), normalize=False)
    straight = lines & (long > STRAIGHT**2 * short)
    # Fewer than half of a run across the window are a stub without direction.
    straight &= count > DIRECTION_RADIUS
    angle = np.arctan2(2 * rc, rr - cc)[straight] / 2  # from the rows' axis
    normals = np.stack([-np.sin(angle), np.cos(angle)], axis=-1)
    return np.argwhere(straight).astype(np.float64), normals


def _centred(relief, places, normals):
    """The places, each moved across its vessel to where that is darkest."""
    smooth = cv2.GaussianBlur(np.nan_to_num(relief), (0, 0), 1.5)
    levels = _read_across(smooth, places, normals)
    shifts = offsets()
    levels[:, np.abs(shifts) > SHIFT] = np.inf
    return places + shifts[levels.argmin(axis=1)][:, None] * normals


def _read_across(plane, places, normals):
    """(M,P) float32: a plane along the normals, by cubic interpolation."""
    at = places[:, None] + offsets()[:, None] * normals[:, None]
    rows, columns = at.astype(np.float32).transpose(2, 0, 1)
    return cv2.remap(
        plane.astype(np.float32), columns, rows, interpolation=cv2.INTER_CUBIC
    )


def _own(inside):
    """(M,P) bool: a vessel's own pixels and the ground, no other vessel's.

    Args:
      inside: (M,P) bool, whether a point lies in any vessel.
    """
    own = np.ones_like(inside)
    for side in (slice(CENTRE, None), slice(CENTRE, None, -1)):
        left = np.logical_or.accumulate(~inside[:, side], axis=1)
        own[:, side] = ~(left & inside[:, side])
    return own


def _mean_columns(levels, own):
    """(P,): the mean of each column's own values; NaN without any."""
    count = own.sum(axis=0)
    total = np.where(own, levels, 0.0).sum(axis=0, dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
