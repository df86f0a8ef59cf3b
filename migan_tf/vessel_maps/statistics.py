"""Measures how dense, wide, tortuous and branched the vessels of a map are.

Lengths are in diameters of the field of view, so that maps of any size can be
compared.
"""

import dataclasses
import math

import numpy as np
from scipy.stats import wasserstein_distance

from migan_tf.vessel_maps import centreline

# A line's length is that of the polyline through points so far apart. Through
# all its pixels it would count the stairs by which a slanted line is drawn.
STRIDE = 0.01
SHORTEST = 0.04  # shorter segments are neither tortuous nor straight
RING = 2.0  # from this arc / chord on a segment is a ring and no vessel
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
    diameter = fov_diameter(fov_mask)
    line = centreline.trace(inside)
    arcs, chords = _lengths(line.segments, max(round(STRIDE * diameter), 2))
    long = (arcs >= SHORTEST * diameter) & (arcs < RING * chords)
    return VesselStatistics(
        density=float(vessel_map[fov_mask].mean()),
        calibres=line.widths / diameter,
        tortuosities=arcs[long] / chords[long] - 1,
        segment_lengths=arcs[long] / diameter,
        branching=line.junctions * diameter / max(line.widths.size, 1),
    )


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
