"""The photograph whose style is taken, x_s of Eq. 7 and 8."""

import dataclasses
import pathlib

import numpy as np

from migan_tf.base import image_files, map_kinds
from migan_tf.base.errors import UserError
from migan_tf.data import batches, fov, geometry, photographs


@dataclasses.dataclass(frozen=True)
class StylePhotograph:
    """x_s at the networks' size S."""

    name: str
    fundus: np.ndarray  # (S,S,3) float32 in [-1,1]
    fov_mask: np.ndarray  # (S,S,1) float32 in {0,1}
    vessel_map: np.ndarray | None  # (S,S,1) in [0,1], where it is known

    def levels(self) -> np.ndarray:
        """The fundus as (S,S,3) uint8."""
        return geometry.quantised(self.fundus)

    def inside(self) -> np.ndarray:
        """The field of view as (S,S) bool."""
        return self.fov_mask[..., 0] > 0

    def vessels(self) -> np.ndarray | None:
        """The vessel map, cut at one half, as (S,S) bool."""
        if self.vessel_map is None:
            return None
        return self.vessel_map[..., 0] >= 0.5


def load_style_photograph(config) -> StylePhotograph:
    """x_s of --style_image at the networks' size.

    A file is cropped to its centred square, whatever --geometry: a stretched
    retina would have another texture than its own.

    Args:
      config: the `Config`.

    Raises:
      UserError: --style_image is neither a file nor an image_id, or no fundus
        is found in the file.
    """
    if pathlib.Path(config.style_image).is_file():
        photograph, square = _of_file(config.style_image), "center_square"
    else:
        photograph, square = _of_dataset(config), config.geometry
    fundus, fov_mask = geometry.network_fundus(
        photograph.fundus,
        photograph.fov_mask,
        size=config.image_size,
        geometry=square,
    )
    vessel_map = None
    if photograph.vessel_map is not None:
        example = batches.network_example(photograph, config.image_size, square)
        vessel_map = example["vessel_map"]
    return StylePhotograph(
        photograph.image_id,
        (fundus * 2.0 - 1.0).numpy(),
        fov_mask=fov_mask.numpy(),
        vessel_map=vessel_map,
    )


def _of_file(path):
    try:
        file = image_files.image_file(path)
        fundus = map_kinds.read_photograph(file)
    except UserError as error:
        raise UserError(f"--style_image: {error}") from None
    fov_mask = fov.find_fov_mask(fundus).numpy()
    if not fov_mask.any():
        raise UserError(f"--style_image={path}: no fundus found in it")
    return photographs.Photograph(
        pathlib.Path(path).name,
        fundus,
        fov_mask=fov_mask,
        vessel_map=None,
        second_annotator=None,
    )


def _of_dataset(config):
    splits = ("train", "validation", "test")
    source = photographs.Source.of(config)
    known = [p for s in splits for p in photographs.load(source, s)]
    for photograph in known:
        if photograph.image_id == config.style_image:
            return photograph
    raise UserError(
        f"--style_image must be a file or an image_id of {config.dataset} "
        f"({known[0].image_id} … {known[-1].image_id}). Received: "
        f"{config.style_image}"
    )
