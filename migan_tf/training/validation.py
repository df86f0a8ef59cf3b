"""What the loop measures and shows of a network it is training."""

import numpy as np
import tensorflow as tf

from migan_tf.data import batches
from migan_tf.inference import run_networks
from migan_tf.metrics import figures, segmentation
from migan_tf.metrics.vessels import style_leak
from migan_tf.models import losses
from migan_tf.training.tasks import batch_of, mean_terms


class SegmentationValidation:
    """Loss at network size and figures at the photographs' own size."""

    def __init__(self, config, task, photographs, examples):
        """Prepares the held-out images.

        Args:
          config: the `Config`.
          task: the `tasks.Segmentation`.
          photographs: held-out `Photograph`s.
          examples: the same as `batches.network_example`s, or the augmented
            copies of --validation_split=augmented.
        """
        self._config, self._task = config, task
        self._photographs, self._examples = photographs, examples
        self._segmenter = None

    def __call__(self, network, discriminator=None):
        """Validates `network`; returns ({name: float}, {name: picture})."""
        if self._segmenter is None:
            self._segmenter = run_networks.Segmenter(network, self._config)
        scalars = mean_terms(
            self._task,
            self._examples,
            lambda batch: self._segmenter.logits(batch["standardized_fundus"]),
        )
        rows = run_networks.segment_photographs(
            self._segmenter, self._photographs
        )
        inside = [row["fov_mask"] for row in rows]
        probability, truth = (
            np.concatenate(
                [row[name][fov] for row, fov in zip(rows, inside, strict=True)]
            )
            for name in ("vessel_probability", "vessel_map")
        )
        otsu = segmentation.otsu_threshold(probability)
        best, best_dice = segmentation.best_threshold(truth, probability)
        scalars.update(
            dice_otsu=segmentation.dice(truth, probability >= otsu),
            dice_best=best_dice,
            best_threshold=best,
            auc_roc=segmentation.auc_roc(truth, probability),
            auc_pr=segmentation.auc_pr(truth, probability),
            output_stddev=float(probability.std()),
        )
        row = rows[0]
        overlay = figures.overlay(
            row["fundus"],
            row["vessel_map"],
            decision=row["vessel_probability"] >= otsu,
            fov_mask=row["fov_mask"],
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
        examples = batches.augmented_validation(training_examples, config)
    else:
        examples = [
            batches.network_example(p, config.image_size, config.geometry)
            for p in photographs
        ]
    if task.name == "synthesis":
        colour_code = batches.make_colour_code(training_examples, config)
        return SynthesisValidation(
            config, task, examples=examples, colour_code=colour_code
        )
    return SegmentationValidation(
        config, task, photographs=photographs, examples=examples
    )


def gradient_shares(task, discriminator, batch, output):
    """Shares of the weighted terms in the gradient at the network's output.

    The norm of weight × ∂term/∂output over the sum of these norms: a term
    that drowns the rest has a share near 1.

    Args:
      task: from `tasks.make_task`.
      discriminator: D, in inference mode here, or None.
      batch: of the contract in `data`.
      output: of the network on this batch.

    Returns:
      {gradient_share/<term>: scalar in [0,1]}.
    """
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(output)
        terms = task.terms(batch, output)
        if discriminator is not None:
            pair = task.fake_pair(batch, output)
            logits = discriminator(pair, training=False)
            terms["adversarial_loss"] = losses.adversarial_loss(logits)
        terms = {name: task.weights[name] * terms[name] for name in terms}
    norms = {
        name: tf.norm(tape.gradient(term, output))
        for name, term in terms.items()
    }
    total = tf.add_n(list(norms.values()))
    return {
        f"gradient_share/{name}": tf.math.divide_no_nan(norm, total)
        for name, norm in norms.items()
    }


# Noise codes of the sample grids: the same at every validation of every run,
# so that two pictures differ by the training alone.
SAMPLE_SEED = 2018
SAMPLE_CODES = 3
SAMPLE_ROWS = 4


class SynthesisValidation:
    """L1 to held-out photographs, and fakes of fixed noise codes."""

    def __init__(self, config, task, examples, colour_code=None):
        """Prepares the held-out examples; see `SegmentationValidation`.

        Args:
          config: the `Config`.
          task: the `tasks.Synthesis`.
          examples: held-out `batches.network_example`s.
          colour_code: `ColourCode` of the training examples, or None.
        """
        self._task = task
        rng = np.random.default_rng(SAMPLE_SEED)
        codes = rng.normal(size=(SAMPLE_CODES, config.noise_size))
        self._codes = codes.astype(np.float32)
        self._examples = []
        for example in examples:
            noise = self._codes[0] * np.float32(config.noise_stddev)
            if colour_code is not None:
                colour_code.write(noise, example["fundus"], example["fov_mask"])
            self._examples.append({**example, "noise": noise})
        self._evaluation_stddev = config.evaluation_noise_stddev
        self._generate = self._shares = None

    def __call__(self, network, discriminator=None):
        """Validates `network`; returns ({name: float}, {name: picture})."""
        if self._generate is None:
            self._generate = tf.function(network, reduce_retracing=True)
            self._shares = tf.function(
                lambda batch, output: gradient_shares(
                    self._task, discriminator, batch=batch, output=output
                )
            )

        def paint(batch):
            inputs = [batch["vessel_map"], batch["noise"]]
            return self._generate(inputs, training=False)

        scalars = mean_terms(self._task, self._examples, paint)
        rows = []
        for example in self._examples[:SAMPLE_ROWS]:
            fakes = [
                paint(batch_of({**example, "noise": code}))
                for code in self._codes * np.float32(self._evaluation_stddev)
            ]
            rows.append([fake[0].numpy() for fake in fakes])
        fakes = np.array(rows)
        scalars["noise_effect"] = fakes.std(axis=1).mean()
        scalars["output_stddev"] = fakes.std(axis=(2, 3)).mean()
        batch = batch_of(self._examples[0])
        scalars.update(self._shares(batch, paint(batch)))
        title = "samples"
        if self._task.style is not None:
            scalars.update(self._style_leak(fakes[:, 0]))
            if self._task.style.random_features:
                title += "_random_vgg19_weights"
        scalars = {name: float(value) for name, value in scalars.items()}
        return scalars, {title: self._grid(fakes)}

    def _style_leak(self, fakes):
        """style_leak and style_leak_chance, the means over the examples."""
        style = self._task.style
        style_map = _vessels(style, style.style_fundus, style.style_fov_mask)
        style_fov = np.asarray(style.style_fov_mask)[0, ..., 0] > 0
        pairs = []
        for example, fake in zip(self._examples, fakes, strict=False):
            fov_mask = example["fov_mask"][None]
            decision = _vessels(style, fake[None], fov_mask)
            painted_map = example["vessel_map"][..., 0] >= 0.5
            fov_mask = (fov_mask[0, ..., 0] > 0) & style_fov
            pairs.append(
                style_leak(
                    decision,
                    painted_map,
                    style_map=style_map,
                    fov_mask=fov_mask,
                )
            )
        leak, chance = np.mean(pairs, axis=0)
        return {"style_leak": leak, "style_leak_chance": chance}

    def _grid(self, fakes):
        """Rows of x_s if any, vessel map, photograph, fakes of fixed codes."""
        rows = []
        for example, row in zip(self._examples, fakes, strict=False):
            vessel_map = np.repeat(example["vessel_map"] * 2 - 1, 3, axis=-1)
            planes = [vessel_map, example["fundus"], *row]
            if self._task.style is not None:
                planes.insert(0, np.asarray(self._task.style.style_fundus)[0])
            rows.append(np.hstack(planes))
        levels = (np.vstack(rows) + 1.0) * 127.5
        return np.round(levels).astype(np.uint8)


def _vessels(style, fundus, fov_mask):
    """(S,S) bool: what the style's segmenter finds, by Otsu in the FOV."""
    logits = style.vessel_logits(fundus, fov_mask)
    probability = tf.sigmoid(logits)[0, ..., 0].numpy()
    inside = np.asarray(fov_mask)[0, ..., 0] > 0
    return inside & (
        probability >= segmentation.otsu_threshold(probability[inside])
    )
