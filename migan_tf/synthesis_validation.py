"""What the loop measures and shows of a generator it is training."""

import numpy as np
import tensorflow as tf

from migan_tf import metrics
from migan_tf.gradient_shares import gradient_shares
from migan_tf.tasks import batch_of, mean_terms
from migan_tf.vessel_metrics import style_leak

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
          examples: held-out `data.network_example`s.
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
                    self._task, discriminator, batch, output
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
            pairs.append(style_leak(decision, painted_map, style_map, fov_mask))
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
    return inside & (probability >= metrics.otsu_threshold(probability[inside]))
