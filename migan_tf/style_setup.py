"""Loads what a style run needs besides its data: x_s, VGG-19, a segmenter."""

import dataclasses
import pathlib

import cv2
import numpy as np
from absl import logging

from migan_tf import fov, geometry, inference, own_images, photographs
from migan_tf.errors import UserError
from migan_tf.style import RANDOM_NOTE, Vgg19
from migan_tf.style_objective import StyleObjective


@dataclasses.dataclass(frozen=True)
class StylePhotograph:
    """x_s at the networks' size."""

    name: str
    fundus: np.ndarray  # (S,S,3) in [-1,1]
    fov_mask: np.ndarray  # (S,S,1) in {0,1}


class StyleSetup:
    """What of a style run can fail, looked at before anything is trained."""

    def __init__(self, config):
        """Reads x_s and VGG-19's weights.

        Raises:
          UserError: one of them cannot be had, or no segmenter will be there.
        """
        self._config = config
        self.photograph = load_photograph(config)
        layers = [name.strip() for name in config.style_layers.split(",")]
        self._vgg19 = Vgg19(
            config.vgg19_weights, layers, config.content_layer, config.seed
        )
        if self._vgg19.random:
            logging.warning("style: %s, for tests only", RANDOM_NOTE)
        if config.task == "synthesis" or config.segmenter_model:
            self._segmenter()  # With --task=both it is trained first.

    def objective(self) -> StyleObjective:
        """The terms of Eq. 12, once the segmenter is trained."""
        return StyleObjective(
            self._vgg19,
            self.photograph.fundus[None],
            self.photograph.fov_mask[None],
            self._segmenter(),
            self._config.style_block_weight,
            self._config.loss_reduction,
        )

    def _segmenter(self):
        config = self._config
        own = pathlib.Path(config.workdir) / "segmentation"
        folder = config.segmenter_model or own
        try:
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
    wanted = config.style_image
    path = pathlib.Path(wanted).expanduser()
    if path.is_file():
        try:
            fundus = own_images.read_image(path, cv2.IMREAD_COLOR_RGB)
        except UserError as error:
            raise UserError(f"--style_image={wanted}: {error}") from None
        fov_mask = fov.find_fov_mask(fundus).numpy()
        if not fov_mask.any():
            raise UserError(f"--style_image={wanted}: no fundus found in it")
        square = "center_square"
    else:
        splits = ("train", "validation", "test")
        known = [p for s in splits for p in photographs.load(config, s)]
        found = [p for p in known if p.image_id == wanted]
        if not found:
            raise UserError(
                "--style_image must be a file or an image_id of "
                f"{config.dataset} ({known[0].image_id} … "
                f"{known[-1].image_id}). Received: {wanted}"
            )
        fundus, fov_mask = found[0].fundus, found[0].fov_mask
        square = config.geometry
    fundus, _, fov_mask = geometry.network_fundus(
        fundus, fov_mask, config.image_size, square
    )
    return StylePhotograph(wanted, fundus.numpy(), fov_mask.numpy())
