"""What the loop measures and shows of a network it is training."""

import numpy as np

from migan_tf import data, figures, inference, metrics
from migan_tf.synthesis_validation import SynthesisValidation
from migan_tf.tasks import mean_terms


class SegmentationValidation:
    """Loss at network size and figures at the photographs' own size."""

    def __init__(self, config, task, photographs, examples):
        """Prepares the held-out images.

        Args:
          config: the `Config`.
          task: the `tasks.Segmentation`.
          photographs: held-out `Photograph`s.
          examples: the same as `data.network_example`s, or the augmented
            copies of --validation_split=augmented.
        """
        self._config, self._task = config, task
        self._photographs, self._examples = photographs, examples
        self._segmenter = None

    def __call__(self, network, discriminator=None):
        """Validates `network`; returns ({name: float}, {name: picture})."""
        if self._segmenter is None:
            self._segmenter = inference.Segmenter(network, self._config)
        scalars = mean_terms(
            self._task,
            self._examples,
            lambda batch: self._segmenter.logits(batch["standardized_fundus"]),
        )
        rows = inference.segment_photographs(self._segmenter, self._photographs)
        inside = [row["fov_mask"] for row in rows]
        probability, truth = (
            np.concatenate(
                [row[name][fov] for row, fov in zip(rows, inside, strict=True)]
            )
            for name in ("vessel_probability", "vessel_map")
        )
        otsu = metrics.otsu_threshold(probability)
        best, best_dice = metrics.best_threshold(truth, probability)
        scalars.update(
            dice_otsu=metrics.dice(truth, probability >= otsu),
            dice_best=best_dice,
            best_threshold=best,
            auc_roc=metrics.auc_roc(truth, probability),
            auc_pr=metrics.auc_pr(truth, probability),
            output_stddev=float(probability.std()),
        )
        row = rows[0]
        overlay = figures.overlay(
            row["fundus"],
            row["vessel_map"],
            row["vessel_probability"] >= otsu,
            row["fov_mask"],
        )
        curve = figures.precision_recall_picture(truth, probability)
        scalars = {name: float(value) for name, value in scalars.items()}
        return scalars, {
            "overlay": overlay,
            "precision_recall": curve,
        }


def make_validation(config, task, photographs, training_examples):
    """The validation of a task.

    Args:
      config: the `Config`.
      task: from `tasks.make_task`.
      photographs: those held out.
      training_examples: from which --validation_split=augmented draws and
        --colour_code is learned.
    """
    if config.validation_split == "augmented":
        examples = data.augmented_validation(training_examples, config)
    else:
        examples = [
            data.network_example(p, config.image_size, config.geometry)
            for p in photographs
        ]
    if task.name == "synthesis":
        colour_code = data.make_colour_code(training_examples, config)
        return SynthesisValidation(config, task, examples, colour_code)
    return SegmentationValidation(config, task, photographs, examples)
