"""Two sets of features of a fundus that no training has made.

A trained network's features hold what it was trained for: a segmenter's say
little of colour, those of a network of objects little of vessels. Random
filters see texture at three scales, the colour field sees colour and light at
none but the widest.
"""

import functools

import cv2
import numpy as np

FILTERS, SIDE = 24, 5  # how many random filters, and their side in pixels
SCALES = (1, 2, 4)  # times that the image is reduced before they are applied
CELLS = 16  # of a colour field, along each side


def random_filters(fundus, fov_mask):
    """How strongly fixed random filters answer, and how unevenly.

    Each filter has `SIDE` × `SIDE` × 3 normal weights of sum 0, drawn once and
    for all. It is applied to the channels' z-scores inside the FOV.

    Args:
      fundus: (H,W,3) uint8.
      fov_mask: (H,W) bool.

    Returns:
      (D,) float64, for each scale and filter log10 of the mean square of the
      answers and the mean of their sizes over the root of that. 0 where the
      FOV is empty at a scale.
    """
    scores = _z_scores(fundus, fov_mask)
    found = []
    for scale in SCALES:
        size = tuple(max(1, length // scale) for length in fov_mask.shape[::-1])
        small = cv2.resize(scores, size, interpolation=cv2.INTER_AREA)
        share = cv2.resize(
            fov_mask.astype(np.float32), size, interpolation=cv2.INTER_AREA
        )
        inner = cv2.erode(
            (share > 0.999).astype(np.uint8),
            np.ones((SIDE, SIDE)),
            borderValue=0,
        ).astype(bool)
        found += [_answers(small, one)[inner] for one in _drawn_filters()]
    squares = [np.mean(a**2) + 1e-6 if a.size else 1.0 for a in found]
    sizes = [np.mean(abs(a)) if a.size else 0.0 for a in found]
    return np.concatenate([np.log10(squares), sizes / np.sqrt(squares)])


def colour_field(fundus, fov_mask):
    """Mean colours of the cells of a coarse grid.

    Args:
      fundus: (H,W,3) uint8.
      fov_mask: (H,W) bool.

    Returns:
      (`CELLS` · `CELLS` · 3,) float64 in [-1,1], the mean of each cell's pixels
      inside the FOV; 0 where less than half of a cell lies inside.
    """
    levels, inside = cell_means(fundus, fov_mask, CELLS)
    field = np.where(inside[..., None], levels / 127.5 - 1, 0.0)
    return field.ravel()


def cell_means(fundus, where, cells, least_share=0.5):
    """Mean levels of the cells of a grid, over some of the pixels.

    Args:
      fundus: (H,W,3) uint8.
      where: (H,W) bool, the pixels that count.
      cells: along each side.
      least_share: of a cell's pixels that must count.

    Returns:
      (levels, inside): (cells,cells,3) float64 grey levels, and (cells,cells)
      bool, whether enough of a cell's pixels count.
    """
    size = (cells, cells)
    weights = where.astype(np.float32)
    values = fundus.astype(np.float32) * weights[..., None]
    total = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    share = cv2.resize(weights, size, interpolation=cv2.INTER_AREA)
    levels = total / np.maximum(share, 1e-6)[..., None]
    return levels.astype(np.float64), share >= least_share


@functools.cache
def _drawn_filters():
    """(FILTERS,SIDE,SIDE,3) float32, each of sum 0 and norm 1."""
    drawn = np.random.default_rng(0).normal(size=(FILTERS, SIDE, SIDE, 3))
    drawn -= drawn.mean(axis=(1, 2), keepdims=True)
    drawn /= np.sqrt((drawn**2).sum(axis=(1, 2, 3), keepdims=True))
    return drawn.astype(np.float32)


def _answers(image, weights):
    """(H,W) float32: one filter applied to the three channels."""
    return sum(
        cv2.filter2D(image[..., channel], -1, weights[..., channel])
        for channel in range(3)
    )


def _z_scores(fundus, fov_mask):
    """(H,W,3) float32, 0 outside the FOV and in channels without spread."""
    inside = fundus[fov_mask].astype(np.float64)
    if not len(inside):
        return np.zeros(fundus.shape, np.float32)
    spread = np.maximum(inside.std(axis=0), 1e-6)
    scores = (fundus - inside.mean(axis=0)) / spread
    return np.where(fov_mask[..., None], scores, 0).astype(np.float32)
