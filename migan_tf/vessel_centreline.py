"""Vessels as lines: one pixel wide, cut into segments at their junctions.

`vessel_metrics.skeleton` is the skeleton of morphology, which clDice is
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
    lines = thin(lines & ~_spurs(lines, widths))
    pieces, junctions = _cut(lines)
    return Centreline(lines, widths[lines], _ordered(pieces), _count(junctions))


def thin(vessel_map):
    """Thins vessels to lines of one pixel (Zhang and Suen 1984).

    What Zhang and Suen leave two pixels wide, the corners of stairs, goes too.

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
    for table in _CORNERS:
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
    """(H,W) bool: segments with a free end, shorter than a vessel is wide."""
    pieces, junctions = _cut(lines)
    number, pieces = cv2.connectedComponents(pieces.astype(np.uint8))
    beside = cv2.dilate(np.where(junctions, widths, 0), np.ones((3, 3)))
    length = np.bincount(pieces.ravel(), minlength=number)
    width, free = np.zeros(number), np.zeros(number, bool)
    np.maximum.at(width, pieces[lines], beside[lines])
    free[pieces[lines & (degrees(lines) < 2)]] = True
    short = free & (length < width)
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
        if len(path) > 1 or path[0] in left:
            segments.append(np.array(path))
    return segments


def _tables():
    """(256,) bool by neighbours' bits: what a turn of thinning takes away.

    Two for Zhang and Suen's halves of a turn, four for the corners of stairs.
    """
    codes = np.arange(256)
    bits = (codes[:, None] >> np.arange(8) & 1).astype(bool)
    rises = (~bits & np.roll(bits, -1, axis=1)).sum(axis=1)
    around = bits.sum(axis=1)
    simple = (rises == 1) & (around >= 2) & (around <= 6)
    up, right, down, left = bits[:, ::2].T
    first = simple & ~(up & right & down) & ~(right & down & left)
    second = simple & ~(up & right & left) & ~(up & down & left)
    corners = []
    for turn in range(0, 8, 2):
        near = np.roll(bits, -turn, axis=1)
        corners.append(near[:, 0] & near[:, 2] & ~near[:, 4:7].any(axis=1))
    return (first, second), tuple(corners)


_PEELS, _CORNERS = _tables()
