"""How dense, wide, tortuous and branched the vessels of a map are.

Lengths are in diameters of the field of view, so that maps of any size
compare.
"""

import dataclasses
import math

import numpy as np
from scipy.stats import wasserstein_distance

from migan_tf.vessel_maps import centreline

# A line's length is that of the polyline through points so far apart: through
# all its pixels it would count the stairs that a slanted line is drawn with.
STRIDE = 0.01
SHORTEST = 0.04  # of the segments that can be called tortuous or straight
RING = 2.0  # arc / chord from which a segment is taken for a ring: no vessel
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
STATISTICS = ("density", "calibre", "tortuosity", "branching")


@dataclasses.dataclass(frozen=True)
class VesselStatistics:
    """Of one vessel map."""

    density: float  # share of the FOV's pixels that are vessel
    calibres: np.ndarray  # (N,) widths, one for each pixel of centreline
    tortuosities: np.ndarray  # (M,) arc / chord - 1, one for each segment
    segment_lengths: np.ndarray  # (M,) arcs, the weights of the former
    branching: float  # junctions per FOV diameter of centreline

    def summary(self) -> dict[str, float]:
        """One figure each, and the calibre's quantiles; NaN where none is."""
        row = {
            "density": self.density,
            "calibre": _mean(self.calibres),
            "tortuosity": _mean(self.tortuosities, self.segment_lengths),
            "branching": self.branching,
        }
        for level in QUANTILES:
            some = self.calibres if self.calibres.size else [math.nan]
            row[f"calibre_{100 * level:02.0f}"] = float(
                np.quantile(some, level)
            )
        return row


def measure(vessel_map, fov_mask) -> VesselStatistics:
    """Measures the vessels of a map inside its field of view.

    Args:
      vessel_map: (H,W) bool.
      fov_mask: (H,W) bool.

    Returns:
      Its `VesselStatistics`; the branching of a map without vessels is 0.

    Raises:
      ValueError: different shapes, or an empty field of view.
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
    """Of the circle as large as the field of view, in pixels."""
    return 2 * math.sqrt(np.count_nonzero(fov_mask) / math.pi)


def distances(first, second) -> dict[str, float]:
    """How far apart two samples of maps are, by each of `STATISTICS`.

    1-D Wasserstein distances, in the statistic's own unit: of the maps'
    densities and branchings, and of the calibres and tortuosities of all
    their vessels, where every map counts alike and in it every length.

    Args:
      first: list of `VesselStatistics`.
      second: the same.

    Returns:
      {name: distance}, each at least 0.
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
    """(values, weights) of one of `STATISTICS` over a sample of maps.

    Args:
      sample: list of `VesselStatistics`.
      name: of the statistic.

    Returns:
      Two (N,) arrays; the weights of each map add up to 1.
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
    """(arcs, chords), each (n,), of [(m,2)], through every stride-th point."""
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
