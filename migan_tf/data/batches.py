"""Prepared TFDS dataset -> batches.

The batch contract. Every batch is a dict of float32 tensors:

  fundus               (B,S,S,3) in [-1,1]
  standardized_fundus  (B,S,S,3) z-scores over the FOV, 0 outside it; only
                       where a segmenter is trained
  vessel_map           (B,S,S,1) in [0,1], soft after resampling
  fov_mask             (B,S,S,1) in {0,1}
  noise                (B,noise_size) normal of standard deviation σ; with
                       --colour_code it begins with the fundus's colours

With --discriminator=residual it is that of `painter_examples`.

The n-th example of a run is a function of the seed and n alone: its image
from a permutation of the epoch, its augmentation and noise from a generator
seeded by (seed, n), and so is whether it is one of --extra_dataset. A resumed
or distributed run therefore sees exactly the examples of an undisturbed one,
and nothing augmented is ever stored.
"""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from migan_tf.data import augment, extra_pairs, geometry, painter_examples
from migan_tf.data.colour_code import ColourCode
from migan_tf.data.photographs import Photograph, Source, load

# Streams of random numbers of one seed; `photographs` draws from 0 and 5.
_ORDER, _EXAMPLE, _VALIDATION, _COLOURS = range(1, 5)
_SOURCE, _EXTRA_ORDER = 6, 7


@dataclasses.dataclass(frozen=True)
class TrainingSet:
    """The photographs and the extra examples that are trained on."""

    photographs: list[Photograph]
    extra: Sequence = ()  # examples of --extra_dataset, decoded when asked for

    def __len__(self):
        return len(self.photographs)

    def network_examples(self, config) -> list[dict]:
        """The photographs as `network_example`s, without the extra."""
        return [
            network_example(p, config.image_size, config.geometry)
            for p in self.photographs
        ]

    def record(self, config, held_out) -> dict:
        """{split: {image_id: SHA-256}} for the record of a run.

        The `extra` one, where there is one, has the dataset's name for an
        image_id and stands for all that are used of it.

        Args:
          config: the `Config`.
          held_out: the photographs that validate.
        """
        seen = {
            split: {p.image_id: p.sha256() for p in images}
            for split, images in (
                ("train", self.photographs),
                ("validation", held_out),
            )
        }
        if self.extra:
            seen["extra"] = {config.extra_dataset: self.extra.sha256()}
        return seen


def load_training_set(config) -> TrainingSet:
    """What the run of a `Config` trains on.

    Raises:
      UserError: the data are not there, too few, or damaged.
    """
    return TrainingSet(
        load(Source.of(config), "train"), extra_pairs.load_extra(config)
    )


def network_example(photograph, image_size, square_geometry):
    """A photograph at the networks' size, before augmentation.

    Args:
      photograph: a `Photograph` with a vessel map.
      image_size: side S in pixels.
      square_geometry: `center_square` or `stretch`, see `geometry`.

    Returns:
      {fundus (S,S,3) in [-1,1], vessel_map (S,S,1) in [0,1], resampled but
      never re-binarised, fov_mask (S,S,1) in {0,1}}, float32.
    """
    fundus, fov_mask = geometry.network_fundus(
        photograph.fundus,
        photograph.fov_mask,
        size=image_size,
        geometry=square_geometry,
    )
    vessel_map = geometry.to_network(
        tf.constant(photograph.vessel_map[..., None], tf.float32),
        image_size,
        geometry=square_geometry,
        side=geometry.square_side(photograph.fov_mask),
    )
    example = {
        "fundus": fundus * 2.0 - 1.0,
        "vessel_map": vessel_map,
        "fov_mask": fov_mask,
    }
    return {name: tensor.numpy() for name, tensor in example.items()}


def training_batches(
    examples,
    config,
    task,
    first_batch,
    last_batch,
    worker=0,
    workers=1,
    replicas=1,
    extra=(),
):
    """Batches `first_batch` … `last_batch` - 1 of a run.

    Args:
      examples: list of `network_example`.
      config: the `Config`.
      task: `segmentation` or `synthesis`; only the former is cropped.
      first_batch: number of the first batch, counted over the whole run.
      last_batch: number after the last.
      worker: this process's number, 0 … workers - 1.
      workers: processes that share every global batch, each its slice.
      replicas: replicas of this process, for which its slice is cut again.
      extra: sequence of examples, of which --extra_share of all are taken.

    Returns:
      `tf.data.Dataset` of the batch contract, of config.batch_size examples
      divided by all replicas.
    """
    local = config.batch_size // workers
    until = round(config.extra_until * last_batch) * config.batch_size
    shapes, draw_number = _drawing(examples, config, task)

    def draw(index):
        batch, position = divmod(int(index), local)
        number = batch * config.batch_size + worker * local + position
        drawn = draw_number(
            number=number, extra=extra if number < until else ()
        )
        return tuple(drawn[name] for name in shapes)

    def example(index):
        values = tf.numpy_function(draw, [index], [tf.float32] * len(shapes))
        return {
            name: tf.ensure_shape(value, shapes[name])
            for name, value in zip(shapes, values, strict=True)
        }

    dataset = tf.data.Dataset.range(first_batch * local, last_batch * local)
    dataset = dataset.map(example, num_parallel_calls=2, deterministic=True)
    # All numbers are given; the thread that would tune them can keep the end of
    # a distributed run waiting for half a minute.
    options = tf.data.Options()
    options.autotune.enabled = False
    dataset = dataset.with_options(options)
    return dataset.batch(local // replicas, drop_remainder=True).prefetch(2)


def make_colour_code(examples, config):
    """The `ColourCode` of a run's training examples, None without one."""
    if not config.colour_code:
        return None
    seed = [config.seed, _COLOURS]
    return ColourCode(examples, config.photometric_jitter, seed)


def draw_example(examples, config, size, number, colour_code=None, extra=()):
    """One training example of a run, augmented, with noise.

    Args:
      examples: list of `network_example`.
      config: the `Config`.
      size: side of the result in pixels; less than the examples' is a crop.
      number: of the example, counted over the whole run.
      colour_code: `ColourCode` of the run, or None.
      extra: sequence of examples, of which --extra_share of all are taken.

    Returns:
      {plane: float32 array}: the batch contract without the batch's axis.
    """
    return _augmented(
        _picked(examples, config, number=number, extra=extra),
        config,
        size=size,
        rng=_generator(config.seed, _EXAMPLE, number),
        colour_code=colour_code,
    )


def draw_painter_example(examples, config, number, extra=()):
    """One training example of --discriminator=residual.

    Args:
      examples: list of `network_example`; those that are `prepared` need not
        be prepared again.
      config: the `Config`.
      number: of the example, counted over the whole run.
      extra: as `draw_example` takes it.

    Returns:
      See `painter_examples`.
    """
    count = painter_examples.GROUNDS
    example, *others = (
        _picked(examples, config, number=n, extra=extra)
        for n in (number, *range(count * number, count * (number + 1)))
    )
    return painter_examples.draw(
        painter_examples.prepared(example),
        [painter_examples.fields_of(other) for other in others],
        config=config,
        rng=_generator(config.seed, _EXAMPLE, number),
    )


def _drawing(examples, config, task):
    """({plane: its shape}, function of an example's `number` and `extra`)."""
    if task == "synthesis" and config.discriminator == "residual":
        known = [painter_examples.prepared(example) for example in examples]
        return painter_examples.shapes(config), functools.partial(
            draw_painter_example, known, config
        )
    size = config.network_size(task)
    shapes = {
        "fundus": (size, size, 3),
        "vessel_map": (size, size, 1),
        "fov_mask": (size, size, 1),
        "noise": (config.noise_size,),
    }
    colour_code = None
    if task == "synthesis":
        colour_code = make_colour_code(examples, config)
    else:
        shapes["standardized_fundus"] = (size, size, 3)
    return shapes, functools.partial(
        draw_example,
        examples,
        config,
        size=size,
        colour_code=colour_code,
    )


def _picked(examples, config, number, extra):
    """The photograph, or the extra example, that a number stands for."""
    source, stream = examples, _ORDER
    if len(extra):
        chance = _generator(config.seed, _SOURCE, number).random()
        if chance < config.extra_share:
            source, stream = extra, _EXTRA_ORDER
    epoch, position = divmod(number, len(source))
    order = _permutation(config.seed, stream, epoch=epoch, length=len(source))
    return source[int(order[position])]


def augmented_validation(examples, config):
    """The paper's split: one rotated copy in twenty is for validation.

    Such copies show images that are trained on; see docs/paper_to_code.md.
    """
    return [
        _augmented(
            examples[number % len(examples)],
            config,
            size=config.image_size,
            rng=_generator(config.seed, _VALIDATION, number),
        )
        for number in range(config.validation_images)
    ]


def _augmented(example, config, size, rng, colour_code=None):
    drawn = augment.augment(
        example,
        rng,
        size=size,
        rotation_degrees=config.rotation_degrees,
        flip=config.flip,
        jitter=config.photometric_jitter,
        scale_jitter=config.scale_jitter,
        elastic=config.elastic_deformation,
    )
    noise = rng.normal(0.0, config.noise_stddev, config.noise_size)
    if colour_code is not None:
        colour_code.write(noise, drawn["fundus"], drawn["fov_mask"])
    drawn["noise"] = noise
    return {name: plane.astype(np.float32) for name, plane in drawn.items()}


@functools.lru_cache(maxsize=8)  # of a large dataset it takes milliseconds
def _permutation(seed, stream, epoch, length):
    return _generator(seed, stream, epoch).permutation(length)


def _generator(seed, *stream):
    return np.random.default_rng([seed, *stream])
