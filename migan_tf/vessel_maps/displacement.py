"""A smooth displacement of a photograph's pixels that keeps its field filled.

A turn, a shift and an enlargement, both sides exchanged or not, and on top of
them a bend that changes smoothly from place to place.
"""

import cv2
import numpy as np

# Lengths are in diameters of the field of view.
TURN = 0.5  # radians, either way
SHIFT = 0.03  # either way, along both axes
ZOOM = (1.0, 1.12)
# Displacement: (distance over which it changes, standard deviation).
BENDS = ((0.35, 0.02), (0.12, 0.006))
GRID = 8  # pixels between the points where smooth fields are computed
MOST_ZOOM = 1.5  # to which it may be enlarged for the sake of the next
UNSEEN = 0.02  # share of the FOV that may show what the source did not


def draw(field, flips, strength, rng):
    """Draws the place in the source of each pixel.

    Args:
      field: (h,w) bool, the field of view, of source and result.
      flips: two of {-1, 1}; -1 mirrors x, y.
      strength: factor in [0,1] on all but the flips.
      rng: `np.random.Generator`.

    Returns:
      ([x, y], zoom): two (h,w) float32, in pixels, and the enlargement: as
      drawn, or as it must be to show next to nothing outside `field`.
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
    # Enlarged until the field shows next to nothing that the source does not.
    while zoom < MOST_ZOOM and UNSEEN < _unseen(
        field, _placed(middle, turned, zoom=zoom, bends=bends, step=GRID)
    ):
        zoom *= 1.01
    return _placed(middle, turned, zoom=zoom, bends=bends, step=1), zoom


def _turned(shape, middle, diameter, flips, strength, rng):
    """[x, y], each (h,w) float32, from `middle`: shifted, turned, flipped."""
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
    """[x, y] of every step-th row and column."""
    some = (slice(None, None, step),) * 2
    return [
        m + t[some] / np.float32(zoom) + b[some]
        for m, t, b in zip(middle, turned, bends, strict=True)
    ]


def _unseen(field, places) -> float:
    """Share of the field of view that shows what lies outside the source's."""
    wide = np.ascontiguousarray(field[::GRID, ::GRID])
    seen = cv2.remap(field.astype(np.uint8), *places, cv2.INTER_NEAREST)
    return float((seen[wide] == 0).mean())


def noise(shape, reach, rng):
    """(h,w) float32 of about unit variance that changes over `reach` pixels."""
    coarse = [int(side / reach) + 4 for side in shape]
    values = rng.standard_normal(coarse).astype(np.float32)
    # Curved on a small grid, straight between its points: a third of the time.
    size = [round(side * reach / GRID) for side in coarse]
    values = cv2.resize(values, size[::-1], interpolation=cv2.INTER_CUBIC)
    rows, columns = (-(-side // GRID) for side in shape)
    top, left = rng.integers(0, int(reach / GRID) + 1, 2)
    values = values[top : top + rows, left : left + columns]
    fine = cv2.resize(values, (columns * GRID, rows * GRID))
    # Resampling takes away about a third of the variance.
    return fine[: shape[0], : shape[1]] / np.float32(0.81)
