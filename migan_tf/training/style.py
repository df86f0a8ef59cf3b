"""Loads what a style run needs besides its data: x_s, VGG-19, a segmenter."""

import pathlib

import tensorflow as tf
from absl import logging

from migan_tf.base.errors import UserError
from migan_tf.data import geometry, style_photograph
from migan_tf.inference import run_networks
from migan_tf.models import losses, style_losses
from migan_tf.models.vgg19 import RANDOM_NOTE, Vgg19


class StyleObjective:
    """Style of x_s, content of x, and vessels that the segmenter finds again.

    The Gram matrices of x_s are computed once, here.
    """

    def __init__(
        self,
        vgg19,
        style_fundus,
        style_fov_mask,
        segmenter,
        block_weight=0.2,
        reduction="mean",
    ):
        """Prepares the targets.

        Args:
          vgg19: `vgg19.Vgg19`.
          style_fundus: x_s, (1,S,S,3) in [-1,1], S that of the painted images.
          style_fov_mask: (1,S,S,1) in {0,1}, of x_s.
          segmenter: a trained Keras model of standardized_fundus to
            vessel_logits; it is frozen.
          block_weight: ϖ of Eq. 8.
          reduction: see `style_losses`.
        """
        self.random_features = vgg19.random
        self._vgg19, self._segmenter = vgg19, segmenter
        self._block_weight, self._reduction = block_weight, reduction
        segmenter.trainable = False
        self.style_fundus = style_fundus
        self.style_fov_mask = style_fov_mask
        features, _ = vgg19.features(style_fundus)
        self._grams = [style_losses.gram_matrix(f, reduction) for f in features]

    def vessel_logits(self, painted, fov_mask):
        """What the segmenter finds in painted images.

        Args:
          painted: (B,S,S,3) in [-1,1].
          fov_mask: (B,S,S,1) in {0,1}.

        Returns:
          (B,S,S,1) float32.
        """
        painted = tf.cast(painted, tf.float32)
        standardized_fundus = geometry.standardize(painted, fov_mask)
        return self._segmenter(standardized_fundus, training=False)

    def terms(self, batch, painted):
        """{name: scalar}: L_SEG of Eq. 12 and the three terms of Eq. 11.

        Args:
          batch: of the contract in `data`.
          painted: x̂, (B,S,S,3) in [-1,1].
        """
        reduction = self._reduction
        style_features, content_features = self._vgg19.features(painted)
        logits = self.vessel_logits(painted, batch["fov_mask"])
        return {
            "segmentation_loss": losses.segmentation_loss(
                batch["vessel_map"], logits
            ),
            "style_loss": style_losses.style_loss(
                style_features,
                self._grams,
                block_weight=self._block_weight,
                reduction=reduction,
            ),
            "content_loss": style_losses.content_loss(
                self._vgg19.content(batch["fundus"]),
                content_features,
                reduction,
            ),
            "total_variation_loss": style_losses.total_variation_loss(
                painted, reduction
            ),
        }


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
        self.photograph = style_photograph.load_style_photograph(config)
        layers = [name.strip() for name in config.style_layers.split(",")]
        self.vgg19 = Vgg19(
            config.vgg19_weights,
            layers,
            content_layer=config.content_layer,
            seed=config.seed,
            size=config.vgg19_size,
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
            style_fov_mask=self.photograph.fov_mask[None],
            segmenter=segmenter or self.segmenter(),
            block_weight=self._config.style_block_weight,
            reduction=self._config.loss_reduction,
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
            return run_networks.load_network(folder, "segmentation")[0]
        except UserError as error:
            raise UserError(
                "--deviation=style needs a trained segmenter (Eq. 12): this "
                "run's own, trained with --task=segmentation or both, or the "
                "folder RUN/segmentation of another as --segmenter_model. "
                f"Received: {error}"
            ) from None
