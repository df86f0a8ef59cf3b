"""Makes new vessel maps of annotated ones: moved, bent, thicker and thinner.

What is resampled is the signed distance to the vessels' outline and not their
pixels, so that the outline stays smooth and a vessel is made wider by adding to
the distance. Whether every vessel came out in one piece is checked on a canvas
that is wider than the photograph, before that which left the field of view is
cut away.
"""

import dataclasses

import cv2
import numpy as np

from migan_tf.vessel_maps import centreline, displacement

SPECK = 8  # pixels; a component with fewer is dropped first
CANVAS = 0.2  # of the photograph's sides, added on each side
TRIES = 4  # each is half as strong as the one before
# The distance over which the calibre's factor changes, as a share of the longer
# side, and the standard deviation of the factor's logarithm.
CALIBRE_REACH = 0.3
CALIBRE_SPREAD = 0.12
LEAST_RADIUS = 0.65  # pixels; thinner lines would tear
BORDER = 8  # pixels around the source where there are no vessels
# The share of vessel from which a point of the finer grid is vessel. One half
# would leave pixels apart that touch by their corners.
JOINED = 0.35


@dataclasses.dataclass(frozen=True)
class _Fine:
    """The planes to resample, on a grid twice as fine, each (h,w) float32."""

    distance: np.ndarray  # to the outline, pixels, positive in vessels
    radius: np.ndarray  # of the nearest vessel, pixels
    component: np.ndarray  # the number of the nearest component, from 1


def deform(vessel_map, fov_mask, rng):
    """Draws the vessels of another eye from those of one eye.

    The vessels are flipped, turned, moved and enlarged, displaced smoothly, and
    made smoothly thicker and thinner. Every 8-connected component of the
    source, specks aside, is in one piece before the field of view cuts it. A
    draw that tears one is repeated at half the strength; after `TRIES` draws
    the source is returned, flipped or not.

    Args:
      vessel_map: (H,W) bool.
      fov_mask: (H,W) bool, the field of view of the source and of the result.
      rng: `np.random.Generator`; the result is a function of its state.

    Returns:
      (H,W) bool, inside `fov_mask`; it is empty where the source is.

    Raises:
      ValueError: the shapes differ, or the field of view is empty.
    """
    centreline.check_shapes(vessel_map, fov_mask)
    source = without_specks(vessel_map & fov_mask)
    if not source.any():
        return source
    margins = [max(round(CANVAS * side), 1) for side in source.shape]
    frame = tuple(slice(margin, -margin) for margin in margins)
    field = np.pad(fov_mask, [(margin, margin) for margin in margins])
    fine = _fine(source)
    flips = rng.choice([-1.0, 1.0], 2)
    for trial in range(TRIES):
        strength = 0.5**trial
        places, zoom = displacement.draw(
            field, flips, strength=strength, rng=rng
        )
        # From pixels of the canvas to the source's finer grid with its border.
        places = [
            2 * (place - margin + BORDER) + 0.5
            for place, margin in zip(places, margins[::-1], strict=True)
        ]
        vessels, components = _resample(
            fine, places, zoom=zoom, strength=strength, rng=rng
        )
        if is_whole(vessels, components, int(fine.component.max())):
            return vessels[frame] & fov_mask
    return source[:: int(flips[1]), :: int(flips[0])] & fov_mask


def without_specks(vessel_map):
    """Drops the 8-connected components of fewer than `SPECK` pixels.

    Args:
      vessel_map: (H,W) bool.

    Returns:
      (H,W) bool.
    """
    _, components, stats, _ = cv2.connectedComponentsWithStats(
        vessel_map.astype(np.uint8)
    )
    large = stats[:, cv2.CC_STAT_AREA] >= SPECK
    return large[components] & vessel_map


def is_whole(vessels, components, number) -> bool:
    """Says whether all components of the source are there, and none is torn.

    Args:
      vessels: (h,w) bool, the result.
      components: (h,w) int, the number of the source's component that each
        vessel pixel belongs to, from 1.
      number: how many components the source has.

    Returns:
      Whether each component lies in one piece. One piece may hold several
      components, where vessels grew over a gap that an annotator had left.
    """
    count, pieces = cv2.connectedComponents(vessels.astype(np.uint8))
    pairs = components[vessels].astype(np.int64) * count + pieces[vessels]
    found = np.flatnonzero(np.bincount(pairs)) // count
    return np.array_equal(found, 1 + np.arange(number))


def _fine(source) -> _Fine:
    """Prepares an (H,W) bool map for resampling, with a border around it."""
    grid = cv2.resize(
        np.pad(source, BORDER).astype(np.float32), None, fx=2, fy=2
    )
    vessels = grid > JOINED
    within = _reach(vessels)
    distance = np.where(vessels, within - 0.5, 0.5 - _reach(~vessels)) / 2
    lines = centreline.thin(vessels)
    _, nearest = cv2.distanceTransformWithLabels(
        (~lines).astype(np.uint8),
        cv2.DIST_L2,
        cv2.DIST_MASK_5,
        labelType=cv2.DIST_LABEL_PIXEL,
    )
    components = cv2.connectedComponents(vessels.astype(np.uint8))[1]

    def of_nearest(plane):
        table = np.zeros(nearest.max() + 1, np.float32)
        table[nearest[lines]] = plane[lines]
        return table[nearest]

    # Inside a vessel the nearest line may be that of another vessel.
    component = np.where(vessels, components, of_nearest(components))
    return _Fine(
        distance.astype(np.float32),
        of_nearest((within - 0.25) / 2),
        component.astype(np.float32),
    )


def _reach(plane):
    """The distance of each pixel to the nearest unset one, (h,w) float32."""
    return cv2.distanceTransform(
        plane.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    )


def _resample(fine, places, zoom, strength, rng):
    """Deforms a prepared map.

    Args:
      fine: the `_Fine` planes of the source.
      places: [x, y], each (h,w) float32, where on the finer grid each pixel of
        the result comes from.
      zoom: the enlargement in `places`.
      strength: factor in [0,1] on the change of calibre.
      rng: `np.random.Generator`.

    Returns:
      (vessels, components), (h,w) bool and int: the result, and the number of
      the source's component at each vessel pixel, 0 elsewhere.
    """

    def at_places(plane, how):
        return cv2.remap(plane, *places, how, borderMode=cv2.BORDER_REPLICATE)

    distance = at_places(fine.distance, cv2.INTER_LINEAR)
    radius = at_places(fine.radius, cv2.INTER_LINEAR)
    components = at_places(fine.component, cv2.INTER_NEAREST)
    reach = CALIBRE_REACH * max(radius.shape) / (1 + 2 * CANVAS)
    noise = displacement.noise(radius.shape, reach, rng)
    # The zoom moves vessels apart and does not make them wider.
    factor = np.exp(strength * CALIBRE_SPREAD * noise) / np.float32(zoom)
    wanted = np.maximum(radius * factor, LEAST_RADIUS)
    vessels = distance + wanted - radius > 0
    return vessels, np.where(vessels, components, 0).astype(np.int32)
