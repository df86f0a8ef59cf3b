"""What the loop measures and shows of a network while it trains it.

Each task has its validation, an object that is called without arguments and
returns ({name: float}, {name: picture}): what was measured, with
`validation_loss` among it, and (H,W,3) uint8 images. The network, which goes on
training between the calls, is given when the validation is made.
"""

import numpy as np
import tensorflow as tf

from migan_tf.data import batches, geometry, painter_examples
from migan_tf.inference.run_networks import NetworkSegmenter
from migan_tf.metrics import assessment, figures, segmentation, tally, texture
from migan_tf.metrics.vessels import style_leak
from migan_tf.models import losses
from migan_tf.models.build import generator_inputs
from migan_tf.training import joint_step

# The noise codes of the sample pictures are the same at every validation of
# every run, so that two pictures differ by the training alone.
SAMPLE_SEED = 2018
SAMPLE_CODES = 3
SAMPLE_ROWS = 4
# Bands of `texture.radial_power`; those below are of grounds.
FINE_BANDS = ("16-32", "32-64", "64-128", "128-256")


def make_validation(config, task, state, photographs, training_examples):
    """Makes the validation of a task.

    Args:
      config: the `Config`.
      task: from `tasks.make_task`.
      state: from `state.create_state`; its `kept_network` is validated.
      photographs: the held-out `Photograph`s.
      training_examples: list of `batches.network_example`, from which
        --validation_split=augmented draws and --colour_code is learned.

    Returns:
      `SegmentationValidation`, `SynthesisValidation` or `PainterValidation`.
    """
    if config.validation_split == "augmented":
        examples = batches.augmented_validation(training_examples, config)
    else:
        examples = [
            batches.network_example(p, config.image_size, config.geometry)
            for p in photographs
        ]
    if task.name == "synthesis":
        residual = config.discriminator == "residual"
        kind = PainterValidation if residual else SynthesisValidation
        return kind(
            config,
            task,
            network=state.kept_network(),
            discriminator=state.discriminator,
            examples=examples,
            colour_code=batches.make_colour_code(training_examples, config),
        )
    return SegmentationValidation(
        config,
        task,
        network=state.kept_network(),
        photographs=photographs,
        examples=examples,
    )


class SegmentationValidation:
    """Loss at the network's size and figures at the photographs' own size."""

    def __init__(self, config, task, network, photographs, examples):
        """Keeps the network and the held-out images.

        Args:
          config: the `Config`.
          task: a `tasks.Segmentation`.
          network: the segmenter.
          photographs: held-out `Photograph`s.
          examples: the same photographs as `batches.network_example`s, or the
            augmented copies of --validation_split=augmented.
        """
        self._task, self._examples = task, examples
        self._segmenter = NetworkSegmenter(network, config)
        self._photographs = photographs

    def __call__(self):
        """Segments the held-out images; see the module for what it returns."""
        scalars = _mean_terms(self._task, self._examples, self._logits)
        tallies, moments, first = {}, [], None
        for photograph in self._photographs:
            found = self._segmenter(photograph.fundus, photograph.fov_mask)
            inside = photograph.fov_mask
            probability = found.vessel_probability[inside]
            tallies[photograph.image_id] = tally.tally(
                photograph.vessel_map[inside], probability
            )
            moments.append(_moments(probability))
            # Of large photographs more than one map is too much to hold.
            first = found.vessel_probability if first is None else first
        scores = assessment.assess(tallies, None, samples=0, seed=0)
        pooled, thresholds = scores["pooled"], scores["thresholds"]
        scalars.update(
            dice_otsu=pooled["dice_otsu"],
            dice_best=pooled["dice_best_on_test"],
            best_threshold=thresholds["best_on_test"],
            auc_roc=pooled["auc_roc"],
            auc_pr=pooled["auc_pr"],
            output_stddev=_stddev_of_all(moments),
        )
        curve = tally.total(list(tallies.values())).curve
        pictures = {
            "overlay": _overlay(
                self._photographs[0], first >= thresholds["otsu"]
            ),
            "precision_recall": figures.precision_recall_picture(curve),
        }
        return _floats(scalars), pictures

    def _logits(self, batch):
        unit = (batch["fundus"] + 1.0) / 2.0
        return self._segmenter.logits(
            geometry.standardize(unit, batch["fov_mask"])
        )


class SynthesisValidation:
    """L1 to held-out photographs, and what noise and style do to fakes."""

    def __init__(
        self, config, task, network, discriminator, examples, colour_code=None
    ):
        """Keeps the networks and gives the held-out examples their noise.

        Args:
          config: the `Config`.
          task: a `tasks.Synthesis`.
          network: the generator.
          discriminator: the discriminator, or None.
          examples: held-out `batches.network_example`s.
          colour_code: `ColourCode` of the training examples, or None.
        """
        self._task, self._generator = task, config.generator
        rng = np.random.default_rng(SAMPLE_SEED)
        codes = rng.normal(size=(SAMPLE_CODES, config.noise_size))
        codes = codes.astype(np.float32)
        self._sample_codes = codes * np.float32(config.evaluation_noise_stddev)
        self._examples = []
        for example in examples:
            noise = codes[0] * np.float32(config.noise_stddev)
            if colour_code is not None:
                colour_code.write(noise, example["fundus"], example["fov_mask"])
            self._examples.append({**example, "noise": noise})
        self._network = network
        self._generate = tf.function(network, reduce_retracing=True)
        self._gradient_shares = tf.function(
            lambda batch, output: gradient_shares(
                task, discriminator, batch=batch, output=output
            )
        )

    def __call__(self):
        """Paints the held-out maps; see the module for what it returns."""
        scalars = _mean_terms(self._task, self._examples, self._paint)
        fakes = self._samples()
        scalars["noise_effect"] = fakes.std(axis=1).mean()
        scalars["output_stddev"] = fakes.std(axis=(2, 3)).mean()
        batch = _batch_of_one(self._examples[0])
        scalars.update(self._gradient_shares(batch, self._paint(batch)))
        title = "samples"
        if self._task.style is not None:
            scalars.update(self._style_leak(fakes[:, 0]))
            if self._task.style.random_features:
                title += "_random_vgg19_weights"
        return _floats(scalars), {title: self._picture(fakes)}

    def _paint(self, batch):
        inputs = generator_inputs(
            self._generator,
            batch["vessel_map"],
            noise=batch["noise"],
            fov_mask=batch["fov_mask"],
        )
        return self._generate(inputs, training=False)

    def _samples(self):
        """Fakes of the first maps with each code, (rows,codes,S,S,3)."""
        rows = []
        for example in self._examples[:SAMPLE_ROWS]:
            fakes = [
                self._paint(_batch_of_one({**example, "noise": code}))
                for code in self._sample_codes
            ]
            rows.append([fake[0].numpy() for fake in fakes])
        return np.array(rows)

    def _style_leak(self, fakes):
        """The means of `style_leak` and of its chance level over the fakes."""
        style = self._task.style
        style_map = _vessels(style, style.style_fundus, style.style_fov_mask)
        style_fov = np.asarray(style.style_fov_mask)[0, ..., 0] > 0
        pairs = []
        for example, fake in zip(self._examples, fakes, strict=False):
            fov_mask = example["fov_mask"]
            pairs.append(
                style_leak(
                    _vessels(style, fake[None], fov_mask[None]),
                    example["vessel_map"][..., 0] >= 0.5,
                    style_map=style_map,
                    fov_mask=(fov_mask[..., 0] > 0) & style_fov,
                )
            )
        leak, chance = np.mean(pairs, axis=0)
        return {"style_leak": leak, "style_leak_chance": chance}

    def _picture(self, fakes):
        """Rows of x_s, if there is one, map, photograph and the map's fakes."""
        rows = []
        for example, row in zip(self._examples, fakes, strict=False):
            vessel_map = np.repeat(example["vessel_map"] * 2 - 1, 3, axis=-1)
            planes = [vessel_map, example["fundus"], *row]
            if self._task.style is not None:
                planes.insert(0, np.asarray(self._task.style.style_fundus)[0])
            rows.append(np.hstack(planes))
        levels = (np.vstack(rows) + 1.0) * 127.5
        return np.round(levels).astype(np.uint8)


class PainterValidation(SynthesisValidation):
    """What vessels and texture of --generator=delta lack on held-out grounds.

    Each map is painted on the ground of its own photograph, so that the two
    differ by what was painted and not by what was drawn.
    """

    _wholes = None  # the held-out photographs with their grounds, once made

    def __call__(self):
        """Paints the held-out maps; see the module for what it returns."""
        if self._wholes is None:
            self._wholes = [painter_examples.whole(e) for e in self._examples]
        rows = [self._lacking(example) for example in self._wholes]
        scalars = {n: np.mean([row[n] for row in rows]) for n in rows[0]}
        fakes = self._samples()
        scalars["noise_effect"] = fakes.std(axis=1).mean()
        scalars["output_stddev"] = fakes.std(axis=(2, 3)).mean()
        return _floats(scalars), {"samples": self._picture(fakes)}

    def _lacking(self, example):
        """The deviation near vessels and at the rim, and that of the spectrum.

        `texture_distance` is the mean difference of the logarithms of power, in
        the bands that grounds do not have and that images of this size do.
        """
        batch = _batch_of_one(example)
        parts = joint_step.painted_crop(self._network, batch, training=False)
        deviation = joint_step.deviation(batch, parts)
        image = batch["ground"] + parts["vessels"] + parts["texture"]
        inside = example["fov_mask"][..., 0] > 0
        power = [
            texture.radial_power(geometry.quantised(fundus), inside)
            for fundus in (
                np.clip(image[0].numpy(), -1.0, 1.0),
                example["fundus"],
            )
        ]
        differences = [
            abs(power[0][band] - power[1][band]) for band in FINE_BANDS
        ]
        finite = [value for value in differences if np.isfinite(value)]
        distance = np.mean(finite) if finite else 0.0
        return {
            "validation_loss": float(deviation) + distance,
            "deviation_loss": float(deviation),
            "texture_distance": float(distance),
        }


def gradient_shares(task, discriminator, batch, output):
    """Shares of the weighted terms in the gradient at the network's output.

    A term's share is the norm of weight × ∂term/∂output over the sum of these
    norms: a term that drowns the rest has a share near 1.

    Args:
      task: from `tasks.make_task`.
      discriminator: the discriminator, in inference mode here, or None.
      batch: see `data.batches`.
      output: the network's output on this batch.

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


def _mean_terms(task, examples, forward):
    """The task's terms and `validation_loss`, the means over the examples.

    The adversarial term is left out: it measures D as much as the network.
    """
    rows = []
    for example in examples:
        batch = _batch_of_one(example)
        terms = task.terms(batch, forward(batch))
        loss = losses.objective(terms, task.weights)
        rows.append({**terms, "validation_loss": loss})
    return {
        name: np.mean([row[name].numpy() for row in rows]) for name in rows[0]
    }


def _batch_of_one(example):
    return {name: tf.constant(value[None]) for name, value in example.items()}


def _moments(values):
    """(number, mean, variance) of (N,) values."""
    return values.size, values.mean(dtype=np.float64), values.var(dtype=float)


def _stddev_of_all(moments):
    """The standard deviation of several images' values, by their moments."""
    number, mean, variance = np.transpose(moments)
    apart = (mean - np.average(mean, weights=number)) ** 2
    return np.sqrt(np.average(variance + apart, weights=number))


def _floats(scalars):
    return {name: float(value) for name, value in scalars.items()}


def _overlay(photograph, decision):
    return figures.overlay(
        photograph.fundus,
        photograph.vessel_map,
        decision=decision,
        fov_mask=photograph.fov_mask,
    )


def _vessels(style, fundus, fov_mask):
    """(S,S) bool: what the style's segmenter finds, by Otsu in the FOV."""
    logits = style.vessel_logits(fundus, fov_mask)
    probability = tf.sigmoid(logits)[0, ..., 0].numpy()
    inside = np.asarray(fov_mask)[0, ..., 0] > 0
    return inside & (
        probability >= segmentation.otsu_threshold(probability[inside])
    )
