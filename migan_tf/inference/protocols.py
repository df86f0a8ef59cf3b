"""What a trained segmenter and a trained generator are, wherever they lie.

`load` gives both of a run and of a SavedModel; who uses them need not know
which of the two it is.
"""

import dataclasses
import functools
from typing import Protocol

import numpy as np

from migan_tf.base.config import Config
from migan_tf.metrics.segmentation import otsu_threshold


@dataclasses.dataclass(frozen=True)
class Segmentation:
    """The vessels that were found in a photograph, at its own size."""

    vessel_probability: np.ndarray  # (H,W) float32 in [0,1], 0 outside the FOV
    vessel_map: np.ndarray  # (H,W) bool, by Otsu's threshold inside the FOV
    fov_mask: np.ndarray  # (H,W) bool, all False where no fundus was found

    @functools.cached_property
    def otsu_threshold(self) -> float:
        """From which probability on a pixel inside the FOV is a vessel.

        Raises:
          ValueError: no fundus was found.
        """
        return otsu_threshold(self.vessel_probability[self.fov_mask])


@dataclasses.dataclass(frozen=True)
class Painting:
    """A painted fundus and the vessels that it shows, at the networks' size."""

    fundus: np.ndarray  # (S,S,3) uint8
    vessel_map: np.ndarray  # (S,S) float32 in [0,1], soft
    fov_mask: np.ndarray  # (S,S) bool, where it shows the retina


class Segmenter(Protocol):
    """Finds the vessels of photographs."""

    config: Config  # of the run that it comes from
    weights_sha256: str  # of all variables' bytes, in a run as in a SavedModel

    def __call__(self, fundus, fov_mask=None) -> Segmentation:
        """Finds the vessels of one photograph.

        Args:
          fundus: (H,W,3) uint8.
          fov_mask: (H,W) bool where it is known. Without one, and always in a
            SavedModel, whose graph finds it, it is searched for.
        """


class Generator(Protocol):
    """Paints vessel maps."""

    config: Config  # of the run that it comes from
    weights_sha256: str  # of all variables' bytes, in a run as in a SavedModel

    def __call__(
        self,
        vessel_map,
        seed,
        noise_stddev=None,
        fov_mask=None,
        contrast=1.0,
        style_fundus=None,
    ) -> Painting:
        """Paints one vessel map.

        Args:
          vessel_map: (H,W) float in [0,1], of any size. It is resampled as
            the run's training maps were.
          seed: the noise code is a function of it; a whole number, or a list
            of such.
          noise_stddev: σ; default the run's --evaluation_noise_stddev.
          fov_mask: (H,W) bool, the field of view to paint in. By default that
            of the photographs that were trained on, which is the only one that
            the paper's generator knows.
          contrast: of the vessels, from 0 to 4; 1 is as photographed.
          style_fundus: (h,w,3) uint8, a photograph in whose colours and light
            to paint. By default the noise code chooses them.

        Raises:
          UserError: the generator is the paper's and is given a contrast or a
            style, or the style shows no fundus.
          ValueError: the contrast is out of its bounds.
        """
