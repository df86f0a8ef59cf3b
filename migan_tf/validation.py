"""What the loop measures and shows of a network it is training."""

import numpy as np
import tensorflow as tf

from migan_tf import data, figures, inference, losses, metrics

# Noise codes of the sample grids: the same at every validation of every run,
# so that two pictures differ by the training alone.
SAMPLE_SEED = 2018
SAMPLE_CODES = 3
SAMPLE_ROWS = 4


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

    def __call__(self, network):
        """Validates `network`; returns ({name: float}, {name: picture})."""
        if self._segmenter is None:
            self._segmenter = inference.Segmenter(network, self._config)
        scalars = _mean_terms(
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
        return _floats(scalars), {
            "overlay": overlay,
            "precision_recall": curve,
        }


class SynthesisValidation:
    """L1 to held-out photographs, and fakes of fixed noise codes."""

    def __init__(self, config, task, examples):
        """Prepares the held-out examples; see `SegmentationValidation`."""
        self._task, self._examples = task, examples
        self._stddev = config.noise_stddev
        rng = np.random.default_rng(SAMPLE_SEED)
        codes = rng.normal(size=(SAMPLE_CODES, config.noise_size))
        self._codes = codes.astype(np.float32)
        self._evaluation_stddev = config.evaluation_noise_stddev
        self._generate = None

    def __call__(self, network):
        """Validates `network`; returns ({name: float}, {name: picture})."""
        if self._generate is None:
            self._generate = tf.function(network, reduce_retracing=True)

        def paint(vessel_map, code):
            inputs = [vessel_map, tf.constant(code[None])]
            return self._generate(inputs, training=False)

        scalars = _mean_terms(
            self._task,
            self._examples,
            lambda batch: paint(
                batch["vessel_map"], self._codes[0] * self._stddev
            ),
        )
        rows = []
        for example in self._examples[:SAMPLE_ROWS]:
            fakes = [
                paint(example["vessel_map"][None], c * self._evaluation_stddev)
                for c in self._codes
            ]
            rows.append([fake[0].numpy() for fake in fakes])
        fakes = np.array(rows)
        scalars["noise_effect"] = fakes.std(axis=1).mean()
        scalars["output_stddev"] = fakes.std(axis=(2, 3)).mean()
        return _floats(scalars), {"samples": self._grid(fakes)}

    def _grid(self, fakes):
        """Rows of vessel map, photograph, fakes of fixed codes."""
        rows = []
        for example, row in zip(self._examples, fakes, strict=False):
            vessel_map = np.repeat(example["vessel_map"] * 2 - 1, 3, axis=-1)
            rows.append(np.hstack([vessel_map, example["fundus"], *row]))
        levels = (np.vstack(rows) + 1.0) * 127.5
        return np.round(levels).astype(np.uint8)


def make_validation(config, task, photographs, training_examples):
    """The validation of a task.

    Args:
      config: the `Config`.
      task: from `tasks.make_task`.
      photographs: those held out.
      training_examples: from which --validation_split=augmented draws.
    """
    if config.validation_split == "augmented":
        examples = data.augmented_validation(training_examples, config)
    else:
        examples = [
            data.network_example(p, config.image_size, config.geometry)
            for p in photographs
        ]
    if task.name == "synthesis":
        return SynthesisValidation(config, task, examples)
    return SegmentationValidation(config, task, photographs, examples)


def _mean_terms(task, examples, forward):
    """validation_loss and the task's terms, the mean over examples.

    The adversarial term is left out: it measures D as much as the network.
    """
    rows = []
    for example in examples:
        batch = {
            name: tf.constant(value[None]) for name, value in example.items()
        }
        terms = task.terms(batch, forward(batch))
        loss = losses.objective(terms, task.weights)
        rows.append({**terms, "validation_loss": loss})
    return {
        name: np.mean([row[name].numpy() for row in rows]) for name in rows[0]
    }


def _floats(scalars):
    return {name: float(value) for name, value in scalars.items()}
