"""The photograph whose style is taken, x_s of Eq. 7 and 8."""

import dataclasses
import pathlib

import cv2
import numpy as np

from migan_tf.base import image_files
from migan_tf.base.errors import UserError
from migan_tf.data import batches, fov, geometry, photographs


@dataclasses.dataclass(frozen=True)
class StylePhotograph:
    """x_s at the networks' size."""

    name: str
    fundus: np.ndarray  # (S,S,3) float32 in [-1,1]
    fov_mask: np.ndarray  # (S,S,1) float32 in {0,1}
    vessel_map: np.ndarray | None  # (S,S,1) in [0,1], where it is known


def load_style_photograph(config) -> StylePhotograph:
    """x_s of --style_image at the networks' size.

    A file is cropped to its centred square, whatever --geometry: a stretched
    retina would have another texture than its own.

    Raises:
      UserError: neither a file nor an image_id, or no fundus in the file.
    """
    path = pathlib.Path(config.style_image).expanduser()
    if path.is_file():
        photograph, square = _of_file(path), "center_square"
    else:
        photograph, square = _of_dataset(config), config.geometry
    fundus, _, fov_mask = geometry.network_fundus(
        photograph.fundus,
        photograph.fov_mask,
        image_size=config.image_size,
        geometry=square,
    )
    vessel_map = None
    if photograph.vessel_map is not None:
        example = batches.network_example(photograph, config.image_size, square)
        vessel_map = example["vessel_map"]
    return StylePhotograph(
        photograph.image_id,
        fundus.numpy(),
        fov_mask=fov_mask.numpy(),
        vessel_map=vessel_map,
    )


def _of_file(path):
    try:
        fundus = image_files.read_photograph(path, cv2.IMREAD_COLOR_RGB)
    except UserError as error:
        raise UserError(f"--style_image={path}: {error}") from None
    fov_mask = fov.find_fov_mask(fundus).numpy()
    if not fov_mask.any():
        raise UserError(f"--style_image={path}: no fundus found in it")
    return photographs.Photograph(
        path.name,
        fundus,
        fov_mask=fov_mask,
        vessel_map=None,
        second_annotator=None,
    )


def _of_dataset(config):
    splits = ("train", "validation", "test")
    known = [p for s in splits for p in photographs.load(config, s)]
    for photograph in known:
        if photograph.image_id == config.style_image:
            return photograph
    raise UserError(
        f"--style_image must be a file or an image_id of {config.dataset} "
        f"({known[0].image_id} … {known[-1].image_id}). Received: "
        f"{config.style_image}"
    )
