"""What differs between the two tasks that share one adversarial loop.

`Synthesis` trains the generator G (Eq. 3 or 12) and `Segmentation` the
segmenter S (Eq. 6). Each says how its network is fed, which pair the
discriminator is to take for fake, and which terms its objective has besides
the adversarial one. The batches are those of `data.batches`.
`ResidualSynthesis` has an update of its own (`joint_step`).
"""

import tensorflow as tf

from migan_tf.models import losses
from migan_tf.models.build import generator_inputs


class Synthesis:
    """Trains the generator, from vessel map and noise to fundus.

    Attributes:
      name: the task's name.
      best_by: what decides which weights are kept, see
        `checkpoint.keep_if_best`; empty: --best_by.
      weights: {name of a term: its weight in the objective}.
      style: `style.StyleObjective`, or None where the deviation is L1.
    """

    name, best_by = "synthesis", "loss"

    def __init__(self, config, style=None):
        """Takes the weights of the terms from the settings.

        Args:
          config: the `Config`.
          style: `style.StyleObjective`, whose terms take the place of Eq. 2;
            needed for the terms of --deviation=style.
        """
        self.style = style
        self._generator = config.generator
        self.weights = {"adversarial_loss": config.adversarial_weight}
        if config.deviation == "l1":
            self.weights["deviation_loss"] = config.deviation_weight
        else:
            self.weights.update(
                segmentation_loss=config.consistency_weight,
                style_loss=config.style_weight,
                content_loss=config.content_weight,
                total_variation_loss=config.total_variation_weight,
            )

    def forward(self, network, batch, training):
        """Paints a batch.

        Args:
          network: the generator.
          batch: with `vessel_map`, `noise` and `fov_mask`.
          training: whether BatchNorm takes the batch's statistics.

        Returns:
          fake_fundus (B,S,S,3) in [-1,1].
        """
        inputs = generator_inputs(
            self._generator,
            batch["vessel_map"],
            noise=batch["noise"],
            fov_mask=batch["fov_mask"],
        )
        return network(inputs, training=training)

    def fake_pair(self, batch, output):
        """The pair that D is to take for fake: [fake_fundus, vessel_map]."""
        return [output, batch["vessel_map"]]

    def terms(self, batch, output):
        """The terms besides the adversarial one: Eq. 2, or those of Eq. 12.

        Args:
          batch: with `fundus`; the style terms take more of it.
          output: fake_fundus (B,S,S,3).

        Returns:
          {name: scalar}.
        """
        if self.style is not None:
            return self.style.terms(batch, output)
        return {
            "deviation_loss": losses.deviation_loss(batch["fundus"], output)
        }


class ResidualSynthesis(Synthesis):
    """Trains `--generator=delta` on what it adds to grounds (`joint_step`).

    Attributes:
      gradient_penalty: weight of the discriminator's R1.
      updates: of the whole run; some terms come in as it goes on.
    """

    # No figure of a few held-out photographs judges discs, vessels and texture
    # together, and the averaged weights get better to the end.
    best_by = "step"

    def __init__(self, config):
        """Takes the weights of the terms from the `Config`."""
        self.style = None
        self._generator = config.generator
        self.gradient_penalty = config.gradient_penalty
        self.updates = config.synthesis_steps
        self.weights = {
            "adversarial_loss": config.adversarial_weight,
            "deviation_loss": config.deviation_weight,
            "depth_loss": config.deviation_weight,
            "feature_loss": config.feature_weight,
            "ground_loss": config.ground_weight,
            "ground_adversarial_loss": config.ground_adversarial_weight,
        }


class Segmentation:
    """Trains the segmenter, from fundus to vessel logits.

    Attributes:
      name: the task's name.
      weights: {name of a term: its weight in the objective}.
    """

    name, best_by = "segmentation", ""

    def __init__(self, config):
        """Takes the weights of the terms from the `Config`."""
        self._focal_gamma = config.focal_gamma
        self.weights = {
            "adversarial_loss": config.adversarial_weight,
            "segmentation_loss": config.segmentation_weight,
        }
        if config.soft_dice_weight:
            self.weights["soft_dice_loss"] = config.soft_dice_weight
        if config.centreline_dice_weight:
            self.weights["centreline_dice_loss"] = config.centreline_dice_weight

    def forward(self, network, batch, training):
        """Segments a batch.

        Args:
          network: the segmenter.
          batch: with `standardized_fundus`.
          training: whether BatchNorm takes the batch's statistics.

        Returns:
          vessel_logits (B,S,S,1).
        """
        return network(batch["standardized_fundus"], training=training)

    def fake_pair(self, batch, output):
        """The pair that D is to take for fake: [fundus, vessel_probability]."""
        return [batch["fundus"], tf.sigmoid(output)]

    def terms(self, batch, output):
        """The terms besides the adversarial one: Eq. 5, and what is added.

        Args:
          batch: with `vessel_map`.
          output: vessel_logits (B,S,S,1).

        Returns:
          {name: scalar}.
        """
        vessel_map = batch["vessel_map"]
        terms = {
            "segmentation_loss": losses.segmentation_loss(
                vessel_map, output, self._focal_gamma
            )
        }
        for name, loss in (
            ("soft_dice_loss", losses.soft_dice_loss),
            ("centreline_dice_loss", losses.centreline_dice_loss),
        ):
            if name in self.weights:
                terms[name] = loss(vessel_map, output)
        return terms


def make_task(name, config, style=None):
    """Makes the task called `name`, `synthesis` or `segmentation`.

    Args:
      name: the task's name.
      config: the `Config`.
      style: see `Synthesis`.
    """
    if name == "synthesis" and config.discriminator == "residual":
        return ResidualSynthesis(config)
    if name == "synthesis":
        return Synthesis(config, style)
    return Segmentation(config)
