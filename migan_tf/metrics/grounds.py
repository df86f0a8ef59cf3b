"""Compares the grounds of fundi: what is left of them without vessels.

A generator may paint another's vessels on one and the same ground, or on the
grounds of the photographs that it was trained on. Whole images differ by their
vessels then, and only the grounds tell. Where it draws the light anew, they
differ by that, too: what is compared is a ground's structure, which a
polynomial of the second degree for each channel cannot take away.
"""

import numpy as np

from migan_tf.metrics import image_features, texture

CELLS = 32  # along each side, so that texture does not count
TERMS = 6  # of a light: 1, x, y, x², y², xy


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


def without_light(levels, where):
    """What a light, fitted by least squares, leaves of a ground.

    Args:
      levels: (H,W,3) float, of a ground or of the difference of two.
      where: (H,W) bool, the cells that count.

    Returns:
      (M,3) float64, the levels of the M cells that count less the polynomial
      of the second degree that fits them best, in each channel.
    """
    y, x = (2 * np.argwhere(where) / (len(where) - 1) - 1).T
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=-1)
    values = levels[where]
    return values - terms @ np.linalg.lstsq(terms, values, rcond=None)[0]


def distance(a, b) -> float:
    """Root mean square difference of the structure of two grounds.

    Args:
      a: (levels, inside) from `ground`.
      b: the same of another image.

    Returns:
      What is left, in grey levels, of the difference in the cells that both
      have when its light is taken away. Grounds that differ by light alone are
      0 apart, whatever their FOVs and vessels. Infinite where there are no
      more cells than a light has terms.
    """
    both = a[1] & b[1]
    if both.sum() <= TERMS:
        return float("inf")
    return float(np.sqrt(np.mean(without_light(a[0] - b[0], both) ** 2)))


def distance_table(found, references):
    """`distance` of each ground from each reference.

    Args:
      found: N grounds.
      references: M grounds.

    Returns:
      (N,M) float64 in grey levels, infinite where nothing can be compared.
    """
    table = [[distance(one, other) for other in references] for one in found]
    return np.reshape(table, (len(found), len(references)))


def spread(found, light=True) -> float:
    """How far some grounds differ from each other.

    Args:
      found: K grounds, of images of one vessel map or of photographs.
      light: whether their lights may differ, too. Without, each is taken away.

    Returns:
      The standard deviation over the grounds (of K - 1 degrees of freedom), as
      a root mean square over the channels and the cells that all have, in grey
      levels; NaN of fewer than two, or with no more cells than a light has
      terms.
    """
    common = np.logical_and.reduce([inside for _, inside in found])
    if len(found) < 2 or common.sum() <= TERMS:
        return float("nan")
    levels = np.stack(
        [
            levels[common] if light else without_light(levels, common)
            for levels, _ in found
        ]
    )
    return float(np.sqrt(levels.var(axis=0, ddof=1).mean()))
