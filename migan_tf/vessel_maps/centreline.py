"""Vessels as lines: one pixel wide, cut into segments at their junctions.

`vessels.skeleton` is the skeleton of morphology, which clDice is
defined with; its lines have gaps. The lines here have none, so that they can
be followed and counted.
"""

import dataclasses

import cv2
import numpy as np

# The eight neighbours in turn, from the upper one, as (row, column).
NEIGHBOURS = (
    (-1, 0),
    (-1, 1),
    (0, 1),
    (1, 1),
    (1, 0),
    (1, -1),
    (0, -1),
    (-1, -1),
)


@dataclasses.dataclass(frozen=True)
class Centreline:
    """The lines of a vessel map, all in pixels of its frame."""

    lines: np.ndarray  # (H,W) bool, one pixel wide
    widths: np.ndarray  # (N,) of the vessel at each pixel of `lines`
    segments: list  # [(n,2) row and column], in order from end to end
    junctions: int


def check_shapes(vessel_map, fov_mask) -> None:
    """Raises ValueError for maps of two shapes or an empty field of view."""
    if vessel_map.shape != fov_mask.shape or not fov_mask.any():
        raise ValueError(
            "`vessel_map` must have the shape of a `fov_mask` that is not "
            f"empty. Received: {vessel_map.shape} and {fov_mask.shape}, "
            f"{np.count_nonzero(fov_mask)} pixels inside"
        )


def trace(vessel_map) -> Centreline:
    """Follows the vessels of a map.

    Spurs shorter than the vessel that they stand on is wide are dropped: they
    are a ragged outline's and no vessels.

    Args:
      vessel_map: (H,W) bool; beyond the frame there are no vessels.

    Returns:
      Its `Centreline`. A width is twice the distance to the nearest pixel
      that is no vessel, less the half pixel by which this is too long on the
      average of odd and even widths.
    """
    vessel_map = np.asarray(vessel_map, bool)
    framed = np.pad(vessel_map, 1).astype(np.uint8)
    reach = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    widths = 2 * reach[1:-1, 1:-1] - 0.5
    lines = thin(vessel_map)
    for _ in range(2):  # a blunt end is a fork, which leaves a spur again
        lines = thin(lines & ~_spurs(lines, widths))
    pieces, junctions = _cut(lines)
    return Centreline(
        lines,
        widths[lines],
        segments=_ordered(pieces),
        junctions=_count(junctions),
    )


def thin(vessel_map):
    """Thins vessels to lines of one pixel (Guo and Hall 1989, A1).

    Args:
      vessel_map: (H,W) bool; beyond the frame there are no vessels.

    Returns:
      (H,W) bool, a part of `vessel_map` with as many 8-connected components.
    """
    grid = np.pad(np.asarray(vessel_map, np.uint8), 1)
    flat, places = grid.reshape(-1), np.flatnonzero(grid)
    offsets = [row * grid.shape[1] + column for row, column in NEIGHBOURS]

    def peel(places, table):
        codes = np.zeros(places.size, np.uint8)
        for bit, offset in enumerate(offsets):
            codes |= flat[places + offset] << bit
        gone = table[codes]
        flat[places[gone]] = 0
        return places[~gone]

    before = None
    while before != places.size:
        before = places.size
        for table in _PEELS:
            places = peel(places, table)
    return grid[1:-1, 1:-1] > 0


def degrees(lines):
    """(H,W) uint8: how many neighbours on `lines` each of its pixels has."""
    ones = np.ones((3, 3), np.uint8)
    ones[1, 1] = 0
    plane = lines.astype(np.uint8)
    around = cv2.filter2D(plane, -1, ones, borderType=cv2.BORDER_CONSTANT)
    return around * plane


def _cut(lines):
    """(segments, junctions), each (H,W) bool: `lines` in two."""
    junctions = degrees(lines) > 2
    return lines & ~junctions, junctions


def _count(plane) -> int:
    return cv2.connectedComponents(plane.astype(np.uint8))[0] - 1


def _spurs(lines, widths):
    """(H,W) bool: segments at one junction, shorter than a vessel is wide."""
    pieces, junctions = _cut(lines)
    number, pieces = cv2.connectedComponents(pieces.astype(np.uint8))
    count, names = cv2.connectedComponents(junctions.astype(np.uint8))

    def greatest(plane):
        """(number,): of the junctions beside each segment."""
        beside = cv2.dilate(np.where(junctions, plane, 0.0), np.ones((3, 3)))
        found = np.zeros(number)
        np.maximum.at(found, pieces[lines], beside[lines])
        return found

    single = greatest(names) + greatest(count - names) <= count
    length = np.bincount(pieces.ravel(), minlength=number)
    short = single & (length < greatest(widths))
    short[0] = False
    return short[pieces]


def _ordered(pieces):
    """[(n,2)] of (H,W) bool that has at most two neighbours everywhere."""
    ends = degrees(pieces) < 2
    left = set(zip(*np.nonzero(pieces), strict=True))
    starts = list(zip(*np.nonzero(pieces & ends), strict=True))
    segments = []
    for place in starts + sorted(left):  # rings have no end: anywhere
        path = []
        while place is not None:
            path.append(place)
            left.discard(place)
            row, column = place
            around = ((row + r, column + c) for r, c in NEIGHBOURS)
            place = next((p for p in around if p in left), None)
        if len(path) > 1:
            segments.append(np.array(path))
    return segments


def _tables():
    """Two of (256,) bool by neighbours' bits: what half a turn takes away."""
    bits = np.arange(256)[:, None] >> np.arange(8) & 1
    n, ne, e, se, s, sw, w, nw = bits.astype(bool).T
    sides = ((n, ne, e), (e, se, s), (s, sw, w), (w, nw, n))
    crossings = sum(~a & (b | c) * 1 for a, b, c in sides)
    pairs = sum((a | b) * 1 for a, b in ((nw, n), (ne, e), (se, s), (sw, w)))
    others = sum((a | b) * 1 for a, b in ((n, ne), (e, se), (s, sw), (w, nw)))
    number = np.minimum(pairs, others)
    simple = (crossings == 1) & (number >= 2) & (number <= 3)
    return simple & ~((n | ne | ~se) & e), simple & ~((s | sw | ~nw) & w)


_PEELS = _tables()
