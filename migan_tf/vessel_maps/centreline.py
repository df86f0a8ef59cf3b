"""Thins vessels to lines and cuts these into segments at their junctions.

The lines are one pixel wide and have no gaps, so that they can be followed and
counted. The skeleton by which clDice is defined, `metrics.vessels.skeleton`,
has gaps.
"""

import dataclasses

import cv2
import numpy as np

# A pixel's eight neighbours as (row, column), clockwise from the upper one.
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
    """The lines of a vessel map; all lengths are in pixels."""

    lines: np.ndarray  # (H,W) bool, one pixel wide
    widths: np.ndarray  # (N,), the vessel's width at each pixel of `lines`
    segments: list  # of (n,2) int, the rows and columns from end to end
    junctions: int  # how many there are


def check_shapes(vessel_map, fov_mask) -> None:
    """Checks a vessel map and its field of view.

    Args:
      vessel_map: (H,W) array.
      fov_mask: (H,W) array, with at least one pixel inside.

    Raises:
      ValueError: the shapes differ, or the field of view is empty.
    """
    if vessel_map.shape != fov_mask.shape or not fov_mask.any():
        raise ValueError(
            "`vessel_map` must have the shape of a `fov_mask` that is not "
            f"empty. Received: {vessel_map.shape} and {fov_mask.shape}, "
            f"{np.count_nonzero(fov_mask)} pixels inside"
        )


def trace(vessel_map) -> Centreline:
    """Follows the vessels of a map.

    A spur that is shorter than the width of the vessel on which it stands is
    dropped, because it comes from a ragged outline and is no vessel.

    Args:
      vessel_map: (H,W) bool; beyond the frame there are no vessels.

    Returns:
      The `Centreline`. A width is twice the distance to the nearest pixel
      outside the vessel, less half a pixel: without that it would be too large
      by as much, on the average of odd and even widths.
    """
    vessel_map = np.asarray(vessel_map, bool)
    framed = np.pad(vessel_map, 1).astype(np.uint8)
    reach = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    widths = 2 * reach[1:-1, 1:-1] - 0.5
    lines = thin(vessel_map)
    for _ in range(2):  # a blunt end is a fork, which leaves a spur again
        lines = thin(lines & ~_spurs(lines, widths))
    pieces, junctions = cut(lines)
    return Centreline(
        lines,
        widths[lines],
        segments=_ordered(pieces),
        junctions=count(junctions),
    )


def thin(vessel_map):
    """Thins vessels to lines of one pixel (Guo and Hall 1989, algorithm A1).

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


def cut(lines):
    """Parts some lines at their junctions.

    Args:
      lines: (H,W) bool, one pixel wide.

    Returns:
      (segments, junctions), each (H,W) bool.
    """
    junctions = _degrees(lines) > 2
    return lines & ~junctions, junctions


def _degrees(lines):
    """Counts the neighbours that each pixel of some lines has on them.

    Args:
      lines: (H,W) bool.

    Returns:
      (H,W) uint8, from 0 to 8; it is 0 away from the lines.
    """
    ones = np.ones((3, 3), np.uint8)
    ones[1, 1] = 0
    plane = lines.astype(np.uint8)
    around = cv2.filter2D(plane, -1, ones, borderType=cv2.BORDER_CONSTANT)
    return around * plane


def count(plane) -> int:
    """The number of 8-connected components of an (H,W) bool."""
    return cv2.connectedComponents(plane.astype(np.uint8))[0] - 1


def _spurs(lines, widths):
    """Finds the segments at one junction that are shorter than it is wide.

    Args:
      lines: (H,W) bool.
      widths: (H,W) float, the vessel's width at each pixel.

    Returns:
      (H,W) bool, where these segments are.
    """
    pieces, junctions = cut(lines)
    number, pieces = cv2.connectedComponents(pieces.astype(np.uint8))
    last, names = cv2.connectedComponents(junctions.astype(np.uint8))

    def greatest(plane):
        """The greatest value of a junction beside each segment, (number,)."""
        beside = cv2.dilate(np.where(junctions, plane, 0.0), np.ones((3, 3)))
        found = np.zeros(number)
        np.maximum.at(found, pieces[lines], beside[lines])
        return found

    # There is one junction where the greatest and the least name are equal.
    single = greatest(names) + greatest(last - names) <= last
    length = np.bincount(pieces.ravel(), minlength=number)
    short = single & (length < greatest(widths))
    short[0] = False
    return short[pieces]


def _ordered(pieces):
    """Lists the pixels of each segment from end to end.

    Args:
      pieces: (H,W) bool, where no pixel has more than two neighbours.

    Returns:
      List of (n,2) int, rows and columns; single pixels are left out.
    """
    ends = _degrees(pieces) < 2
    left = set(zip(*np.nonzero(pieces), strict=True))
    starts = list(zip(*np.nonzero(pieces & ends), strict=True))
    segments = []
    # Rings have no end and are entered anywhere.
    for place in starts + sorted(left):
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
    """Tells which pixels each half of an iteration of algorithm A1 removes.

    Returns:
      Two (256,) bool, indexed by the neighbours as bits in `NEIGHBOURS`' order.
    """
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
