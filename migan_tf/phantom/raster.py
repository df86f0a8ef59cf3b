"""Draws vessel trees on a grid of pixels.

All vessel maps follow one rule: vessels are drawn as strokes on a finer grid
(`OVERSAMPLING` times in each direction), never thinner than twice
`MIN_DRAWN_RADIUS` pixels, and a pixel is a vessel where at least half of its
area is covered.
"""

import dataclasses

import cv2
import numpy as np

from migan_tf.phantom.vessel_tree import Segment, VesselTree

OVERSAMPLING = 4
MIN_DRAWN_RADIUS = 0.65  # pixels; annotators draw hardly anything thinner
FOV_SHARE = 0.476  # radius of the field of view / shorter side, as in DRIVE
SHIFT = 4  # OpenCV is given coordinates in units of 1 / 2**SHIFT pixels


@dataclasses.dataclass(frozen=True)
class Frame:
    """The photograph's size and its circular field of view, in pixels."""

    height: int
    width: int

    @property
    def radius(self) -> float:
        """Radius of the field of view, in pixels."""
        return FOV_SHARE * min(self.height, self.width)

    def unit_grid(self, left_eye: bool) -> tuple[np.ndarray, np.ndarray]:
        """Returns the pixel centres' x and y in the eye's coordinates.

        Args:
          left_eye: whether the eye is mirrored, so that its disc lies left.

        Returns:
          (x, y), each (H, W) float32, in radii of the field of view from its
          centre.
        """
        x = (np.arange(self.width) - (self.width - 1) / 2) / self.radius
        y = (np.arange(self.height) - (self.height - 1) / 2) / self.radius
        x = -x if left_eye else x
        return np.meshgrid(x.astype(np.float32), y.astype(np.float32))

    def fov_mask(self) -> np.ndarray:
        """Returns the field of view, (H, W) bool."""
        x, y = self.unit_grid(False)
        return np.hypot(x, y) <= 1.0

    def pixel_points(self, segment: Segment, left_eye: bool) -> np.ndarray:
        """Returns where a segment's centreline lies in the photograph.

        Args:
          segment: a segment of N points.
          left_eye: whether the eye is mirrored, so that its disc lies left.

        Returns:
          (N, 2) x and y in pixels; (0, 0) is the centre of the first pixel.
        """
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
      frame: the photograph's size and field of view.
      kinds: the kinds to draw, of `ARTERY` and `VEIN`.
      width_scale: factor on all radii.
      value_of: function of a radius (in radii of the field of view) that gives
        the stroke's value in [0, 1]. Without it all values are 1. Where strokes
        meet, the thicker one covers the thinner one.
      min_radius: the thinnest stroke's radius, in pixels.
      segments: segments to draw in place of the tree's own.

    Returns:
      (H, W) float32 in [0, 1]: the value times the covered share of each pixel.
    """
    canvas = np.zeros(
        (frame.height * OVERSAMPLING, frame.width * OVERSAMPLING), np.uint8
    )
    strokes = []
    for segment in tree.segments if segments is None else segments:
        if segment.kind in kinds and len(segment.points) > 1:
            radii = segment.radii * frame.radius * width_scale
            points = frame.pixel_points(segment, tree.anatomy.left_eye)
            outlines = _stroke_outlines(points, np.maximum(radii, min_radius))
            strokes += zip(segment.radii.tolist(), outlines, strict=False)
    for radius, outline in sorted(strokes, key=lambda stroke: stroke[0]):
        value = 255 if value_of is None else round(255 * value_of(radius))
        cv2.fillConvexPoly(
            canvas, outline, color=value, lineType=cv2.LINE_8, shift=SHIFT
        )
    size = (frame.width, frame.height)
    coverage = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA)
    return coverage.astype(np.float32) / 255


def binary_map(coverage: np.ndarray, fov_mask: np.ndarray) -> np.ndarray:
    """Makes a vessel map of what `draw_vessels` has covered.

    Args:
      coverage: (H, W) float in [0, 1].
      fov_mask: (H, W) bool; outside it there are no vessels.

    Returns:
      (H, W) uint8 in {0, 255}.
    """
    return ((coverage >= 0.5) & fov_mask).astype(np.uint8) * 255


def _stroke_outlines(points: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Returns the outlines of a vessel's pieces on the finer grid.

    A piece runs from one point to the next. It is a hexagon: its ends stand
    out by half a radius, so that the pieces of neighbouring segments overlap.

    Args:
      points: (N, 2) x and y along the centreline, in pixels.
      radii: (N,) in pixels.

    Returns:
      (N - 1, 6, 2) int32 corners, in 1 / 2**SHIFT of a fine pixel.
    """
    # The centre of pixel 0 lies at (OVERSAMPLING - 1) / 2 of the finer grid.
    points = points * OVERSAMPLING + (OVERSAMPLING - 1) / 2
    # OpenCV also fills the outline's own pixels, half a pixel on either side.
    radii = radii[:, None] * OVERSAMPLING - 0.5
    along = np.gradient(points, axis=0)
    along /= np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    across = along[:, ::-1] * [-1, 1]
    left, right = points + radii * across, points - radii * across
    back, front = points - radii * along / 2, points + radii * along / 2
    corners = [left[:-1], left[1:], front[1:], right[1:], right[:-1], back[:-1]]
    return np.round(np.stack(corners, 1) * 2**SHIFT).astype(np.int32)
