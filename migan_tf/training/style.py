"""Training in the style of a photograph: Eq. 12 and what it is loaded from.

`prepare` loads once, before anything is trained, what the runs of a command
need for it besides their data: x_s, VGG-19 and a segmenter. `StyleSetup` holds
that of one run, and `StyleObjective` makes the terms of Eq. 12 from it.
"""

import functools
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

    The Gram matrices of x_s are computed once, when it is made.

    Attributes:
      style_fundus: x_s, (1,S,S,3) in [-1,1].
      style_fov_mask: (1,S,S,1) in {0,1}, the FOV of x_s.
      random_features: whether VGG-19's weights are random, for tests only.
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
        """Computes what painted images are compared with.

        Args:
          vgg19: `vgg19.Vgg19`.
          style_fundus: x_s, (1,S,S,3) in [-1,1], of the painted images' size.
          style_fov_mask: (1,S,S,1) in {0,1}, the FOV of x_s.
          segmenter: trained Keras model that maps standardized_fundus to
            vessel_logits; it is frozen here.
          block_weight: ϖ of Eq. 8.
          reduction: one of `style_losses.REDUCTIONS`.
        """
        self.random_features = vgg19.random
        self.style_fundus = style_fundus
        self.style_fov_mask = style_fov_mask
        self._vgg19, self._segmenter = vgg19, segmenter
        self._block_weight, self._reduction = block_weight, reduction
        segmenter.trainable = False
        features, _ = vgg19.features(style_fundus)
        self._grams = [style_losses.gram_matrix(f, reduction) for f in features]

    def vessel_logits(self, painted, fov_mask):
        """What the segmenter finds in painted images.

        Args:
          painted: (B,S,S,3) in [-1,1].
          fov_mask: (B,S,S,1) in {0,1}.

        Returns:
          vessel_logits (B,S,S,1) float32.
        """
        painted = tf.cast(painted, tf.float32)
        standardized_fundus = geometry.standardize(painted, fov_mask)
        return self._segmenter(standardized_fundus, training=False)

    def terms(self, batch, painted):
        """L_SEG of Eq. 12 and the three terms of Eq. 11.

        Args:
          batch: with `fundus`, `vessel_map` and `fov_mask`; see `data.batches`.
          painted: x̂, (B,S,S,3) in [-1,1].

        Returns:
          {name: float32 scalar}.
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


def prepare(configs, strategy) -> "list[StyleSetup | None]":
    """Loads what the style runs of one command need, before any is trained.

    Runs that name the same VGG-19 or the same segmenter share it.

    Args:
      configs: `Config`s in the order of their training.
      strategy: `tf.distribute.Strategy`, in whose scope networks are made.

    Returns:
      For each config its `StyleSetup`, or None where it trains no style.

    Raises:
      UserError: x_s, VGG-19's weights or a segmenter cannot be had.
    """
    make_vgg19 = functools.cache(Vgg19)
    load_segmenter = functools.cache(_load_segmenter)
    setups, yet_to_train = [], set()
    with strategy.scope():
        for config in configs:
            if "segmentation" in config.tasks():
                yet_to_train.add(_own_segmenter(config))
            setup = None
            if config.deviation == "style" and "synthesis" in config.tasks():
                setup = StyleSetup(config, make_vgg19, load_segmenter)
                if setup.segmenter_folder not in yet_to_train:
                    setup.segmenter()
            setups.append(setup)
    return setups


def _own_segmenter(config):
    return pathlib.Path(config.workdir, "segmentation")


def _load_segmenter(folder):
    try:
        return run_networks.load_network(folder, "segmentation")[0]
    except UserError as error:
        raise UserError(
            "--deviation=style needs a trained segmenter (Eq. 12): this "
            "run's own, trained with --task=segmentation or both, or the "
            "folder RUN/segmentation of another as --segmenter_model. "
            f"Received: {error}"
        ) from None


class StyleSetup:
    """What a style run needs besides its data: x_s, VGG-19 and a segmenter.

    Attributes:
      photograph: x_s, a `style_photograph.StylePhotograph`.
      vgg19: `vgg19.Vgg19`.
      segmenter_folder: where the segmenter of Eq. 12 is, or will be.
    """

    def __init__(
        self, config, make_vgg19=Vgg19, load_segmenter=_load_segmenter
    ):
        """Reads x_s and VGG-19's weights.

        Args:
          config: the `Config`.
          make_vgg19: `vgg19.Vgg19`, or what gives runs a common one.
          load_segmenter: gives the Keras model of a `segmentation` folder.

        Raises:
          UserError: one of them cannot be had.
        """
        self._config, self._load_segmenter = config, load_segmenter
        self.photograph = style_photograph.load_style_photograph(config)
        names = [name.strip() for name in config.style_layers.split(",")]
        self.vgg19 = make_vgg19(
            config.vgg19_weights,
            tuple(names),
            content_layer=config.content_layer,
            seed=config.seed,
            size=config.vgg19_size,
        )
        if self.vgg19.random:
            logging.warning("style: %s, for tests only", RANDOM_NOTE)
        self.segmenter_folder = pathlib.Path(
            config.segmenter_model or _own_segmenter(config)
        )

    def segmenter(self):
        """The trained segmenter that the flags name, a Keras model.

        Raises:
          UserError: there is none.
        """
        return self._load_segmenter(self.segmenter_folder)

    def objective(self, segmenter=None) -> StyleObjective:
        """The terms of Eq. 12, once the segmenter is trained.

        Args:
          segmenter: Keras model that maps standardized_fundus to
            vessel_logits, in place of the one that the flags name.
        """
        return StyleObjective(
            self.vgg19,
            self.photograph.fundus[None],
            style_fov_mask=self.photograph.fov_mask[None],
            segmenter=segmenter or self.segmenter(),
            block_weight=self._config.style_block_weight,
            reduction=self._config.loss_reduction,
        )
