"""Compares the grounds of fundi: what is left of them without vessels.

A generator may paint another's vessels on one and the same ground, or on the
grounds of the photographs that it was trained on. Whole images differ by their
vessels then, and only the grounds tell.
"""

import numpy as np

from migan_tf.metrics import image_features, texture

CELLS = 32  # along each side, so that texture does not count


def ground(fundus, fov_mask, vessel_map):
    """The ground of a fundus, its vessels left out and its texture averaged.

    Args:
      fundus: (H,W,3) uint8.
      fov_mask: (H,W) bool.
      vessel_map: (H,W) bool; pixels within `texture.VESSEL_MARGIN` of a vessel
        are left out with it.

    Returns:
      (levels, inside): (`CELLS`,`CELLS`,3) float64 grey levels and
      (`CELLS`,`CELLS`) bool, whether a fifth of a cell or more is ground.
    """
    wide = texture.dilated(vessel_map, texture.VESSEL_MARGIN)
    return image_features.cell_means(
        fundus, fov_mask & ~wide, CELLS, least_share=0.2
    )


def distance(a, b) -> float:
    """Root mean square difference of two grounds in grey levels.

    Args:
      a: (levels, inside) from `ground`.
      b: the same of another image.

    Returns:
      The distance over the cells that both have; infinite without any.
    """
    both = a[1] & b[1]
    if not both.any():
        return float("inf")
    return float(np.sqrt(np.mean((a[0][both] - b[0][both]) ** 2)))


def nearest_distances(found, references, exclude_self=False):
    """How far each ground is from that which is most like it.

    Args:
      found: N grounds.
      references: M grounds.
      exclude_self: whether both are the same list, so that ground n must not
        be compared with reference n.

    Returns:
      (N,) float64 in grey levels, infinite where nothing can be compared.
    """
    table = np.full((len(found), len(references)), np.inf)
    for i, one in enumerate(found):
        for j, other in enumerate(references):
            if not (exclude_self and i == j):
                table[i, j] = distance(one, other)
    return table.min(axis=1, initial=np.inf)


def spread(found) -> float:
    """How far some grounds differ from each other.

    Args:
      found: K grounds, of images of one vessel map or of photographs.

    Returns:
      The standard deviation over the grounds, averaged over the channels and
      the cells that all have, in grey levels; NaN without such a cell, or of
      fewer than two.
    """
    common = np.logical_and.reduce([inside for _, inside in found])
    if len(found) < 2 or not common.any():
        return float("nan")
    levels = np.stack([levels[common] for levels, _ in found])
    return float(levels.std(axis=0).mean())
