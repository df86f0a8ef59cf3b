"""Loads what a style run needs besides its data: x_s, VGG-19, a segmenter."""

import dataclasses
import pathlib

import cv2
import numpy as np
from absl import logging

from migan_tf import data, fov, geometry, inference, own_images, photographs
from migan_tf.errors import UserError
from migan_tf.style import Vgg19
from migan_tf.style_objective import StyleObjective
from migan_tf.style_weights import RANDOM_NOTE


@dataclasses.dataclass(frozen=True)
class StylePhotograph:
    """x_s at the networks' size."""

    name: str
    fundus: np.ndarray  # (S,S,3) float32 in [-1,1]
    fov_mask: np.ndarray  # (S,S,1) float32 in {0,1}
    vessel_map: np.ndarray | None  # (S,S,1) in [0,1], where it is known


def look_ahead(configs) -> list[pathlib.Path]:
    """Looks at runs that come later now, and not after hours of training.

    Args:
      configs: `Config`s in the order of their training.

    Returns:
      The folders of the segmenters that they will train.

    Raises:
      UserError: something is missing.
    """
    planned = [
        pathlib.Path(config.workdir, "segmentation")
        for config in configs
        if "segmentation" in config.tasks()
    ]
    for config in configs[1:]:
        prepare(config, planned)
    return planned


def prepare(config, planned=()) -> "StyleSetup | None":
    """The `StyleSetup` of a run, None where it has no style.

    Args:
      config: the `Config`.
      planned: folders of segmenters that are yet to be trained.

    Raises:
      UserError: something is missing, before anything is trained.
    """
    if config.deviation != "style" or config.task == "segmentation":
        return None
    setup = StyleSetup(config)
    folder = setup.segmenter_folder()
    if folder not in planned:
        setup.segmenter()
    return setup


class StyleSetup:
    """x_s and VGG-19 of a style run."""

    def __init__(self, config):
        """Reads x_s and VGG-19's weights.

        Raises:
          UserError: one of them cannot be had.
        """
        self._config = config
        self.photograph = load_photograph(config)
        layers = [name.strip() for name in config.style_layers.split(",")]
        self.vgg19 = Vgg19(
            config.vgg19_weights,
            layers,
            config.content_layer,
            config.seed,
            config.vgg19_size,
        )
        if self.vgg19.random:
            logging.warning("style: %s, for tests only", RANDOM_NOTE)

    def objective(self, segmenter=None) -> StyleObjective:
        """The terms of Eq. 12, once the segmenter is trained.

        Args:
          segmenter: Keras model of standardized_fundus to vessel_logits, in
            place of the one that the flags name.
        """
        return StyleObjective(
            self.vgg19,
            self.photograph.fundus[None],
            self.photograph.fov_mask[None],
            segmenter or self.segmenter(),
            self._config.style_block_weight,
            self._config.loss_reduction,
        )

    def segmenter_folder(self) -> pathlib.Path:
        """Where the segmenter of Eq. 12 is, or will be."""
        own = pathlib.Path(self._config.workdir, "segmentation")
        return pathlib.Path(self._config.segmenter_model or own)

    def segmenter(self):
        """The trained segmenter that the flags name.

        Raises:
          UserError: there is none.
        """
        try:
            folder = self.segmenter_folder()
            return inference.load_network(folder, "segmentation")[0]
        except UserError as error:
            raise UserError(
                "--deviation=style needs a trained segmenter (Eq. 12): this "
                "run's own, trained with --task=segmentation or both, or the "
                "folder RUN/segmentation of another as --segmenter_model. "
                f"Received: {error}"
            ) from None


def load_photograph(config) -> StylePhotograph:
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
        photograph.fundus, photograph.fov_mask, config.image_size, square
    )
    vessel_map = None
    if photograph.vessel_map is not None:
        example = data.network_example(photograph, config.image_size, square)
        vessel_map = example["vessel_map"]
    return StylePhotograph(
        photograph.image_id, fundus.numpy(), fov_mask.numpy(), vessel_map
    )


def _of_file(path):
    try:
        fundus = own_images.read_image(path, cv2.IMREAD_COLOR_RGB)
    except UserError as error:
        raise UserError(f"--style_image={path}: {error}") from None
    fov_mask = fov.find_fov_mask(fundus).numpy()
    if not fov_mask.any():
        raise UserError(f"--style_image={path}: no fundus found in it")
    return photographs.Photograph(path.name, fundus, fov_mask, None, None)


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
