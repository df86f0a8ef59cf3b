"""Measures how dense, wide, tortuous and branched the vessels of a map are.

Lengths are in diameters of the field of view, so that maps of any size can be
compared.
"""

import dataclasses
import math

import cv2
import numpy as np
from scipy.stats import wasserstein_distance

from migan_tf.vessel_maps import centreline

# A line's length is that of the polyline through points so far apart. Through
# all its pixels it would count the stairs by which a slanted line is drawn.
STRIDE = 0.01
SHORTEST = 0.04  # shorter segments are neither tortuous nor straight
RING = 2.0  # from this arc / chord on a segment is a ring and no vessel
WIDE_FROM = 0.006  # as FOV diameters: 3.2 pixels in a photograph of DRIVE
STATISTICS = ("density", "calibre", "tortuosity", "branching")


@dataclasses.dataclass(frozen=True)
class VesselStatistics:
    """What is measured of one vessel map."""

    density: float  # share of the FOV's pixels that are vessel
    calibres: np.ndarray  # (N,), the width at each pixel of the centreline
    tortuosities: np.ndarray  # (M,), arc / chord - 1 of each segment
    segment_lengths: np.ndarray  # (M,), the arcs, by which segments count
    branching: float  # junctions per FOV diameter of centreline

    def summary(self) -> dict[str, float]:
        """Returns {statistic: its mean}; a mean of nothing is NaN."""
        return {
            "density": self.density,
            "calibre": _mean(self.calibres),
            "tortuosity": _mean(self.tortuosities, self.segment_lengths),
            "branching": self.branching,
        }


def measure(vessel_map, fov_mask) -> VesselStatistics:
    """Measures the vessels of a map inside its field of view.

    Args:
      vessel_map: (H,W) bool.
      fov_mask: (H,W) bool.

    Returns:
      The `VesselStatistics`; the branching of a map without vessels is 0.

    Raises:
      ValueError: the shapes differ, or the field of view is empty.
    """
    centreline.check_shapes(vessel_map, fov_mask)
    inside = vessel_map & fov_mask
    return _statistics(inside, fov_mask, centreline.trace(inside))


def measure_by_width(
    vessel_map, fov_mask, wide_from=WIDE_FROM
) -> dict[str, VesselStatistics]:
    """Measures all vessels of a map, and the thin and the wide ones apart.

    Each segment between two junctions is thin or wide as a whole, by its mean
    width, and so are the pixels of the vessel about it. A junction is wide
    where a wide vessel takes part in it.

    Args:
      vessel_map: (H,W) bool.
      fov_mask: (H,W) bool.
      wide_from: the width in FOV diameters from which on a vessel is wide.

    Returns:
      {"all", "thin", "wide": `VesselStatistics`}. The densities of the last two
      add up to that of all; their branchings are of their own junctions and
      lines.

    Raises:
      ValueError: the shapes differ, or the field of view is empty.
    """
    centreline.check_shapes(vessel_map, fov_mask)
    inside = vessel_map & fov_mask
    line = centreline.trace(inside)
    wide = _wide_lines(line, wide_from * fov_diameter(fov_mask))
    parts = {"thin": line.lines & ~wide, "wide": wide}
    return {"all": _statistics(inside, fov_mask, line)} | {
        name: _statistics(
            inside & _nearest_is(wide, line.lines, wide=name == "wide"),
            fov_mask,
            _part(line, part),
        )
        for name, part in parts.items()
    }


def _statistics(inside, fov_mask, line) -> VesselStatistics:
    """Those of the vessels (H,W) inside a FOV and their `Centreline`."""
    diameter = fov_diameter(fov_mask)
    arcs, chords = _lengths(line.segments, max(round(STRIDE * diameter), 2))
    long = (arcs >= SHORTEST * diameter) & (arcs < RING * chords)
    return VesselStatistics(
        density=float(inside[fov_mask].mean()),
        calibres=line.widths / diameter,
        tortuosities=arcs[long] / chords[long] - 1,
        segment_lengths=arcs[long] / diameter,
        branching=line.junctions * diameter / max(line.widths.size, 1),
    )


def _wide_lines(line, least):
    """Where the lines of a `Centreline` are those of wide vessels.

    Args:
      line: the `Centreline`.
      least: width in pixels.

    Returns:
      (H,W) bool, whole segments and whole junctions.
    """
    widths = np.zeros(line.lines.shape)
    widths[line.lines] = line.widths
    wide = line.lines & (widths >= least)
    for points in line.segments:
        rows, columns = points.T
        wide[rows, columns] = widths[rows, columns].mean() >= least
    _, junctions = centreline.cut(line.lines)
    _, names = cv2.connectedComponents(junctions.astype(np.uint8))
    return wide | (np.isin(names, names[wide & junctions]) & junctions)


def _part(line, where) -> centreline.Centreline:
    """The part of a `Centreline` that lies on some of its lines.

    Args:
      line: the `Centreline`.
      where: (H,W) bool, whole segments and whole junctions.
    """
    _, junctions = centreline.cut(line.lines)
    return centreline.Centreline(
        where,
        widths=line.widths[where[line.lines]],
        segments=[points for points in line.segments if where[*points[0]]],
        junctions=centreline.count(junctions & where),
    )


def _nearest_is(wide_lines, lines, wide):
    """(H,W) bool: where the nearest of the lines is `wide`, or is not."""
    if not lines.any():
        return np.zeros_like(lines)
    _, names = cv2.distanceTransformWithLabels(
        (~lines).astype(np.uint8),
        cv2.DIST_L2,
        maskSize=cv2.DIST_MASK_5,
        labelType=cv2.DIST_LABEL_PIXEL,
    )
    is_wide = np.zeros(names.max() + 1, bool)
    is_wide[names[lines]] = wide_lines[lines]
    return is_wide[names] == wide


def fov_diameter(fov_mask) -> float:
    """Returns the diameter, in pixels, of a circle as large as the FOV.

    Args:
      fov_mask: (H,W) bool.
    """
    return 2 * math.sqrt(np.count_nonzero(fov_mask) / math.pi)


def distances(first, second) -> dict[str, float]:
    """Measures how far apart two samples of maps are by each statistic.

    The distances are one-dimensional Wasserstein distances between the
    distributions that `pooled` gives.

    Args:
      first: list of `VesselStatistics`.
      second: list of `VesselStatistics`.

    Returns:
      {name of `STATISTICS`: distance}, in the statistic's own unit.
    """
    found = {}
    for name in STATISTICS:
        (u, u_weights), (v, v_weights) = (
            pooled(sample, name) for sample in (first, second)
        )
        found[name] = float(
            wasserstein_distance(u, v, u_weights=u_weights, v_weights=v_weights)
        )
    return found


def pooled(sample, name):
    """Collects the values of a statistic over a sample of maps.

    A map has one density and one branching, but as many calibres as its
    centreline has pixels, and as many tortuosities as it has segments, which
    count by their length.

    Args:
      sample: list of `VesselStatistics`.
      name: one of `STATISTICS`.

    Returns:
      (values, weights), each (N,); the weights of each map add up to 1.
    """
    values, weights = [], []
    for row in sample:
        if name in ("density", "branching"):
            own, weight = np.array([getattr(row, name)]), np.ones(1)
        elif name == "calibre":
            own, weight = row.calibres, np.ones(row.calibres.size)
        else:
            own, weight = row.tortuosities, row.segment_lengths
        values.append(own)
        weights.append(weight / max(weight.sum(), 1e-9))
    return np.concatenate(values), np.concatenate(weights)


def _lengths(segments, stride):
    """Measures segments by the polyline through every stride-th point.

    Args:
      segments: list of n arrays (m,2) of points.
      stride: a whole number of points.

    Returns:
      (arcs, chords), each (n,), in pixels.
    """
    arcs, chords = [], []
    for points in segments:
        corners = np.concatenate([points[:-1:stride], points[-1:]])
        arcs.append(np.hypot(*np.diff(corners, axis=0).T).sum())
        chords.append(np.hypot(*(points[-1] - points[0])))
    return np.array(arcs), np.array(chords)


def _mean(values, weights=None) -> float:
    if not values.size:
        return math.nan
    return float(np.average(values, weights=weights))
