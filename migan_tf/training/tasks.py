"""What differs between the two tasks that share one adversarial loop.

`Synthesis` trains the generator G (Eq. 3 or 12), `Segmentation` the segmenter S
(Eq. 6). Each says how its network is fed, which pair the discriminator sees,
and which terms its objective has besides the adversarial.
"""

import numpy as np
import tensorflow as tf

from migan_tf.models import losses


class Synthesis:
    """Vessel map and noise to fundus."""

    name = "synthesis"

    def __init__(self, config, style=None):
        """Keeps the settings.

        Args:
          config: the `Config`.
          style: `style.StyleObjective`; needed by the terms of
            --deviation=style, which take the place of Eq. 2.
        """
        self._config, self.style = config, style
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
        """fake_fundus (B,S,S,3)."""
        inputs = [batch["vessel_map"], batch["noise"]]
        return network(inputs, training=training)

    def fake_pair(self, batch, output):
        """What D is to take for fake: (fake_fundus, vessel_map)."""
        return [output, batch["vessel_map"]]

    def terms(self, batch, output):
        """The terms besides the adversarial: Eq. 2, or those of Eq. 12."""
        if self.style is not None:
            return self.style.terms(batch, output)
        return {
            "deviation_loss": losses.deviation_loss(batch["fundus"], output)
        }


class Segmentation:
    """Fundus to vessel logits."""

    name = "segmentation"

    def __init__(self, config):
        self._config = config
        self.weights = {
            "adversarial_loss": config.adversarial_weight,
            "segmentation_loss": config.segmentation_weight,
        }
        for name in ("soft_dice", "centerline_dice"):
            if weight := getattr(config, f"{name}_weight"):
                self.weights[f"{name}_loss"] = weight

    def forward(self, network, batch, training):
        """vessel_logits (B,S,S,1)."""
        return network(batch["standardized_fundus"], training=training)

    def fake_pair(self, batch, output):
        """What D is to take for fake: (fundus, vessel_probability)."""
        return [batch["fundus"], tf.sigmoid(output)]

    def terms(self, batch, output):
        """The terms that compare the output with the batch."""
        vessel_map = batch["vessel_map"]
        terms = {
            "segmentation_loss": losses.segmentation_loss(
                vessel_map, output, self._config.focal_gamma
            )
        }
        for name, loss in (
            ("soft_dice_loss", losses.soft_dice_loss),
            ("centerline_dice_loss", losses.centerline_dice_loss),
        ):
            if name in self.weights:
                terms[name] = loss(vessel_map, output)
        return terms


def make_task(name, config, style=None):
    """The task called `name`, `synthesis` or `segmentation`."""
    if name == "synthesis":
        return Synthesis(config, style)
    return Segmentation(config)


def mean_terms(task, examples, forward):
    """validation_loss and the task's terms, the mean over examples.

    The adversarial term is left out: it measures D as much as the network.
    """
    rows = []
    for example in examples:
        batch = batch_of(example)
        terms = task.terms(batch, forward(batch))
        loss = losses.objective(terms, task.weights)
        rows.append({**terms, "validation_loss": loss})
    return {
        name: np.mean([row[name].numpy() for row in rows]) for name in rows[0]
    }


def batch_of(example):
    """One example as a batch of one."""
    return {name: tf.constant(value[None]) for name, value in example.items()}
