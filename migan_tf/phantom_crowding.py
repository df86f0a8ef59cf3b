"""How far the nearest vessel is, while vessels grow."""

import cv2
import numpy as np

GRID = 200  # cells along each side of the square [-EXTENT, EXTENT]
EXTENT = 1.1


class Crowding:
    """Distance from any point to the vessels of one kind, on a coarse grid."""

    def __init__(self):
        self._free = np.full((GRID, GRID), 255, np.uint8)
        self._distance = None

    def add(self, points: np.ndarray) -> None:
        """Enters a vessel; `points` (N, 2) x, y in radii of the field."""
        cells = np.round((points + EXTENT) * (GRID / (2 * EXTENT)) - 0.5)
        cv2.polylines(self._free, [cells.astype(np.int32)], False, 0)
        self._distance = None

    def distance(self, x: float, y: float) -> float:
        """Distance of (x, y) to the nearest vessel entered so far."""
        if self._distance is None:
            self._distance = cv2.distanceTransform(
                self._free, cv2.DIST_L2, cv2.DIST_MASK_5
            ) * (2 * EXTENT / GRID)
        column = int((x + EXTENT) * (GRID / (2 * EXTENT)))
        row = int((y + EXTENT) * (GRID / (2 * EXTENT)))
        if 0 <= column < GRID and 0 <= row < GRID:
            return float(self._distance[row, column])
        return EXTENT
