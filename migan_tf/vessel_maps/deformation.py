"""New vessel maps from annotated ones: moved, bent, thicker and thinner.

The vessels' signed distances are resampled, not their pixels: the outline
stays smooth, and a vessel is made wider by adding to them. Whether every
vessel came out in one piece is checked on a canvas that is wider than the
photograph, before what left the field of view is cut away.
"""

import dataclasses

import cv2
import numpy as np

from migan_tf.vessel_maps import centreline, displacement

SPECK = 8  # pixels; what is smaller and stands alone is dropped first
CANVAS = 0.2  # of the photograph's sides, added all round
TRIES = 4  # each half as strong as the one before
# How far the calibre's factor reaches, in shares of the longer side.
CALIBRE_REACH = 0.3
CALIBRE_SPREAD = 0.12  # standard deviation of its logarithm
LEAST_RADIUS = 0.65  # pixels; thinner lines would tear
BORDER = 8  # pixels around the source where there are no vessels
JOINED = 0.35  # of a vessel at a point of the finer grid, to be one


@dataclasses.dataclass(frozen=True)
class _Fine:
    """What is resampled, on a grid twice as fine, all (h,w) float32."""

    distance: np.ndarray  # to the outline in pixels, positive in vessels
    radius: np.ndarray  # of the nearest vessel, pixels
    component: np.ndarray  # number of the nearest vessel's component, from 1


def deform(vessel_map, fov_mask, rng):
    """Draws another eye's vessels from those of one eye.

    Flips, turns, moves and enlarges them, displaces them smoothly and makes
    them smoothly thicker and thinner. Every 8-connected component of the
    source larger than a speck is in one piece before the field of view cuts
    it. A draw that tears one is drawn again at half the strength; the last
    resort is the source, flipped or not.

    Args:
      vessel_map: (H,W) bool.
      fov_mask: (H,W) bool, of the source and of the result.
      rng: `np.random.Generator`; the result is a function of its state.

    Returns:
      (H,W) bool, inside `fov_mask`; without vessels where there were none.

    Raises:
      ValueError: different shapes, or an empty field of view.
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
        # Of the middle of a pixel on the source's finer and framed grid.
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
    """(H,W) bool without components of less than `SPECK` pixels."""
    _, components, stats, _ = cv2.connectedComponentsWithStats(
        vessel_map.astype(np.uint8)
    )
    large = stats[:, cv2.CC_STAT_AREA] >= SPECK
    return large[components] & vessel_map


def is_whole(vessels, components, number) -> bool:
    """Whether all components of the source are there, and none is torn.

    Args:
      vessels: (h,w) bool, the result.
      components: (h,w) int, which component of the source each vessel pixel
        belongs to, from 1.
      number: how many the source has.

    Returns:
      Whether each component lies in one piece. One piece may hold several,
      where vessels grew over a gap that an annotator had left.
    """
    count, pieces = cv2.connectedComponents(vessels.astype(np.uint8))
    pairs = components[vessels].astype(np.int64) * count + pieces[vessels]
    found = np.flatnonzero(np.bincount(pairs)) // count
    return np.array_equal(found, 1 + np.arange(number))


def _fine(source) -> _Fine:
    """Prepares a map, (H,W) bool, in a frame of `BORDER` pixels."""
    grid = cv2.resize(
        np.pad(source, BORDER).astype(np.float32), None, fx=2, fy=2
    )
    # Halfway would leave pixels that touch by their corners apart.
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

    # Inside a vessel the nearest line can be another's.
    component = np.where(vessels, components, of_nearest(components))
    return _Fine(
        distance.astype(np.float32),
        of_nearest((within - 0.25) / 2),
        component.astype(np.float32),
    )


def _reach(plane):
    """(h,w) float32: the distance of each pixel to where `plane` is not."""
    return cv2.distanceTransform(
        plane.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    )


def _resample(fine, places, zoom, strength, rng):
    """(vessels bool, components int), each (h,w): the map, deformed."""

    def at_places(plane, how):
        return cv2.remap(plane, *places, how, borderMode=cv2.BORDER_REPLICATE)

    distance = at_places(fine.distance, cv2.INTER_LINEAR)
    radius = at_places(fine.radius, cv2.INTER_LINEAR)
    components = at_places(fine.component, cv2.INTER_NEAREST)
    reach = CALIBRE_REACH * max(radius.shape) / (1 + 2 * CANVAS)
    noise = displacement.noise(radius.shape, reach, rng)
    # Vessels are moved apart by the zoom; they do not grow with it.
    factor = np.exp(strength * CALIBRE_SPREAD * noise) / np.float32(zoom)
    wanted = np.maximum(radius * factor, LEAST_RADIUS)
    vessels = distance + wanted - radius > 0
    return vessels, np.where(vessels, components, 0).astype(np.int32)
