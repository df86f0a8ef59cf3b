"""Vessel trees drawn on a grid of pixels.

The rule of every vessel map: vessels are drawn as strokes on a finer grid
(`OVERSAMPLING` times in each direction), never thinner than twice
`MIN_DRAWN_RADIUS` pixels; a pixel is a vessel where at least half of its area
is covered.
"""

import dataclasses

import cv2
import numpy as np

from migan_tf.phantom.vessel_tree import Segment, VesselTree

OVERSAMPLING = 4
MIN_DRAWN_RADIUS = 0.65  # pixels; annotators draw hardly anything thinner
FOV_SHARE = 0.476  # radius of the field of view / shorter side, as in DRIVE
SHIFT = 4  # OpenCV takes coordinates in 1 / 2**SHIFT pixels


@dataclasses.dataclass(frozen=True)
class Frame:
    """The photograph's size and its circular field of view, in pixels."""

    height: int
    width: int

    @property
    def radius(self) -> float:
        """Radius of the field of view."""
        return FOV_SHARE * min(self.height, self.width)

    def unit_grid(self, left_eye: bool) -> tuple[np.ndarray, np.ndarray]:
        """The pixel centres' x and y, each (H, W), in radii of the field."""
        x = (np.arange(self.width) - (self.width - 1) / 2) / self.radius
        y = (np.arange(self.height) - (self.height - 1) / 2) / self.radius
        x = -x if left_eye else x
        return np.meshgrid(x.astype(np.float32), y.astype(np.float32))

    def fov_mask(self) -> np.ndarray:
        """The field of view, (H, W) bool."""
        x, y = self.unit_grid(False)
        return np.hypot(x, y) <= 1.0

    def pixel_points(self, segment: Segment, left_eye: bool) -> np.ndarray:
        """Centreline (N, 2) as x, y; the first pixel's centre is 0, 0."""
        sign = np.array([-1 if left_eye else 1, 1])
        middle = np.array([self.width - 1, self.height - 1]) / 2
        return segment.points * sign * self.radius + middle


def draw_vessels(
    tree: VesselTree,
    frame: Frame,
    kinds: tuple[str, ...],
    width_scale: float = 1.0,
    value_of=None,
    min_radius: float = MIN_DRAWN_RADIUS,
    segments=None,
) -> np.ndarray:
    """Draws vessels with smooth edges.

    Args:
      tree: the vessels.
      frame: size and field of view.
      kinds: which vessels, of `ARTERY` and `VEIN`.
      width_scale: factor on all radii.
      value_of: function of a radius (in radii of the field) that gives the
        stroke's value in [0, 1]; all 1 without it. Thick strokes cover thin.
      min_radius: thinnest stroke, in pixels.
      segments: draw these segments in place of the tree's.

    Returns:
      (H, W) float32 in [0, 1]: value times the covered share of each pixel.
    """
    canvas = np.zeros(
        (frame.height * OVERSAMPLING, frame.width * OVERSAMPLING), np.uint8
    )
    strokes = []
    for segment in tree.segments if segments is None else segments:
        if segment.kind in kinds and len(segment.points) > 1:
            radii = segment.radii * frame.radius * width_scale
            points = frame.pixel_points(segment, tree.anatomy.left_eye)
            outlines = stroke_outlines(points, np.maximum(radii, min_radius))
            strokes += zip(segment.radii.tolist(), outlines, strict=False)
    for radius, outline in sorted(strokes, key=lambda stroke: stroke[0]):
        value = 255 if value_of is None else round(255 * value_of(radius))
        cv2.fillConvexPoly(
            canvas, outline, color=value, lineType=cv2.LINE_8, shift=SHIFT
        )
    size = (frame.width, frame.height)
    coverage = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA)
    return coverage.astype(np.float32) / 255


def stroke_outlines(points: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Outlines of a vessel's pieces on the finer grid.

    A piece runs from one point to the next. It is a hexagon: its ends stand
    out by half a radius, so that pieces of neighbouring segments overlap.

    Args:
      points: centreline (N, 2) x, y in pixels.
      radii: (N,) in pixels.

    Returns:
      (N - 1, 6, 2) int32 corners in 1 / 2**SHIFT of a fine pixel.
    """
    # The centre of pixel 0 lies at (OVERSAMPLING - 1) / 2 of the finer grid.
    points = points * OVERSAMPLING + (OVERSAMPLING - 1) / 2
    # OpenCV fills the outline's own pixels too: half a pixel on either side.
    radii = radii[:, None] * OVERSAMPLING - 0.5
    along = np.gradient(points, axis=0)
    along /= np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    across = along[:, ::-1] * [-1, 1]
    left, right = points + radii * across, points - radii * across
    back, front = points - radii * along / 2, points + radii * along / 2
    corners = [left[:-1], left[1:], front[1:], right[1:], right[:-1], back[:-1]]
    return np.round(np.stack(corners, 1) * 2**SHIFT).astype(np.int32)


def binary_map(coverage: np.ndarray, fov_mask: np.ndarray) -> np.ndarray:
    """Vessel map (H, W) uint8 in {0, 255} of a coverage, inside the field."""
    return ((coverage >= 0.5) & fov_mask).astype(np.uint8) * 255
