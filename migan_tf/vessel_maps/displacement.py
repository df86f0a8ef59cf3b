"""Draws smooth displacements of pixels that keep the field of view filled.

A displacement is a turn, a shift and an enlargement, mirrored or not, with a
bend on top that changes smoothly from place to place.
"""

import cv2
import numpy as np

# Lengths are in diameters of the field of view.
TURN = 0.5  # radians, either way
SHIFT = 0.03  # either way, along both axes
ZOOM = (1.0, 1.12)
# The parts of the bend: (distance over which it changes, standard deviation).
BENDS = ((0.35, 0.02), (0.12, 0.006))
GRID = 8  # pixels between the points where smooth fields are computed
# The share of the field of view that may show what the source does not, and how
# far the source may be enlarged to keep to it.
UNSEEN = 0.02
MOST_ZOOM = 1.5


def draw(field, flips, strength, rng):
    """Draws where in the source each pixel of the result comes from.

    Args:
      field: (h,w) bool, the field of view of the source and of the result.
      flips: two of {-1, 1}, for x and y; -1 mirrors.
      strength: factor in [0,1] on all but the flips.
      rng: `np.random.Generator`.

    Returns:
      ([x, y], zoom): two (h,w) float32 of places in pixels, and the
      enlargement. It is as drawn, or larger where the field would otherwise
      show too much that lies outside the source's.
    """
    rows, columns = np.nonzero(field)
    middle = np.float32([columns.mean(), rows.mean()])
    diameter = 2 * np.sqrt(rows.size / np.pi)
    turned = _turned(
        field.shape,
        middle,
        diameter=diameter,
        flips=flips,
        strength=strength,
        rng=rng,
    )
    bends = [
        sum(
            np.float32(strength * spread * diameter)
            * noise(field.shape, reach * diameter, rng)
            for reach, spread in BENDS
        )
        for _ in range(2)
    ]
    zoom = 1 + strength * (rng.uniform(*ZOOM) - 1)
    while zoom < MOST_ZOOM and UNSEEN < _unseen(
        field, _placed(middle, turned, zoom=zoom, bends=bends, step=GRID)
    ):
        zoom *= 1.01
    return _placed(middle, turned, zoom=zoom, bends=bends, step=1), zoom


def _turned(shape, middle, diameter, flips, strength, rng):
    """Shifts, turns and flips the places of a (h,w) grid.

    Returns:
      [x, y], each (h,w) float32, in pixels from `middle`.
    """
    angle = strength * rng.uniform(-TURN, TURN)
    shift = strength * diameter * rng.uniform(-SHIFT, SHIFT, 2)
    x = np.arange(shape[1]) - middle[0] - shift[0]
    y = (np.arange(shape[0]) - middle[1] - shift[1])[:, None]
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = (cosine * x + sine * y, cosine * y - sine * x)
    return [
        (flip * plane).astype(np.float32)
        for flip, plane in zip(flips, turned, strict=True)
    ]


def _placed(middle, turned, zoom, bends, step):
    """Enlarges and bends turned places, for every step-th row and column."""
    some = (slice(None, None, step),) * 2
    return [
        m + t[some] / np.float32(zoom) + b[some]
        for m, t, b in zip(middle, turned, bends, strict=True)
    ]


def _unseen(field, places) -> float:
    """The share of the field of view that shows what lies outside it.

    Args:
      field: (h,w) bool.
      places: [x, y] of every `GRID`-th row and column.
    """
    wide = np.ascontiguousarray(field[::GRID, ::GRID])
    seen = cv2.remap(field.astype(np.uint8), *places, cv2.INTER_NEAREST)
    return float((seen[wide] == 0).mean())


def noise(shape, reach, rng):
    """Draws noise of about unit variance that changes over a given distance.

    Args:
      shape: (h, w) of the result.
      reach: the distance in pixels.
      rng: `np.random.Generator`.

    Returns:
      (h,w) float32.
    """
    coarse = [int(side / reach) + 4 for side in shape]
    values = rng.standard_normal(coarse).astype(np.float32)
    # It is cubic up to a small grid and linear between the grid's points, which
    # takes a third of the time.
    size = [round(side * reach / GRID) for side in coarse]
    values = cv2.resize(values, size[::-1], interpolation=cv2.INTER_CUBIC)
    rows, columns = (-(-side // GRID) for side in shape)
    top, left = rng.integers(0, int(reach / GRID) + 1, 2)
    values = values[top : top + rows, left : left + columns]
    fine = cv2.resize(values, (columns * GRID, rows * GRID))
    # Resampling takes away about a third of the variance.
    return fine[: shape[0], : shape[1]] / np.float32(0.81)
