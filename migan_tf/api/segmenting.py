"""`migan_tf.load_segmenter`: from photographs to their vessels."""

import functools

from migan_tf.api import arguments, models, words
from migan_tf.base.errors import ArgumentError
from migan_tf.inference import load
from migan_tf.inference.protocols import Segmentation


def load_segmenter(model=None) -> "Segmenter":
    """Loads a trained segmenter.

    Args:
      model: one that comes along, "general" (of DRIVE and STARE, the default),
        "drive" or "stare"; the folder of a run; or that of a SavedModel.

    Returns:
      The `Segmenter`, a function of photographs.

    Raises:
      FileNotFoundError: there is no such model.
      ValueError: it is no segmenter, or damaged.
    """
    with words.of_python():
        return Segmenter(models.find(model, "segmentation"))


class Segmenter:
    """Finds the vessels of fundus photographs.

    Attributes:
      folder: `model_folder.ModelFolder`, where the network comes from.
    """

    def __init__(self, folder):
        """Loads the network in a `model_folder.ModelFolder`."""
        self.folder = folder
        self._find_vessels = load.load_segmenter(folder)

    def __repr__(self) -> str:
        return f"Segmenter({str(self.folder.path)!r})"

    def __call__(
        self, fundus, fov_mask=None
    ) -> Segmentation | list[Segmentation]:
        """Finds the vessels of one photograph or of several.

        Args:
          fundus: (H,W,3) uint8 RGB, or a path; or a list of such, of any sizes.
          fov_mask: (H,W) bool, where the photograph shows the retina, or a
            path; or a list of such, one for each photograph. Without it the
            field of view is searched for.

        Returns:
          The `Segmentation`, or a list of them for a list: `vessel_probability`
          (H,W) float32 in [0,1], `vessel_map` (H,W) bool, `fov_mask` (H,W) bool
          and `otsu_threshold`, at the photograph's own size.

        Raises:
          FileNotFoundError: there is no file of that name.
          TypeError: what is given is neither such an array nor a path.
          ValueError: it is no photograph, or shows no fundus.
        """
        with words.of_python():
            if not isinstance(fundus, list | tuple):
                return self._segment(fundus, fov_mask, "")
            masks = [None] * len(fundus) if fov_mask is None else list(fov_mask)
            if len(masks) != len(fundus):
                raise ArgumentError(
                    "`fov_mask` must hold one for each photograph. Received: "
                    f"{len(masks)} for {len(fundus)}"
                )
            for i, one in enumerate(fundus):  # Before minutes of work.
                arguments.photograph_file(one, f"fundus[{i}]")
            return [
                self._segment(fundus[i], masks[i], f"[{i}]")
                for i in range(len(fundus))
            ]

    def _segment(self, fundus, fov_mask, place) -> Segmentation:
        photograph = arguments.photograph(fundus, f"fundus{place}")
        inside = arguments.fov_mask(
            fov_mask, photograph.shape[:2], f"fov_mask{place}"
        )
        if inside is None:
            found = self._find_vessels(photograph)
        else:
            found = self._find_inside(photograph, inside)
        if not found.fov_mask.any():
            raise ArgumentError(
                f"`fundus{place}` must be a photograph of a fundus. Received: "
                f"{fundus if arguments.is_path(fundus) else 'an array'} in "
                "which none is found: it is dark or flat"
            )
        return found

    @functools.cached_property
    def _find_inside(self):
        return load.load_segmenter(self.folder, takes_fov=True)
