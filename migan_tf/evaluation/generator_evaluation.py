"""Scores a generator: paints a split's vessel maps and reads them.

`painted_images` paints, `generator_scores` has the figures, of the photographs
too, `generator_yardstick` says how far photographs are from photographs, and
`generator_report` has the files. Whether the generator is a run's or a
SavedModel's is known to `inference.load` alone.
"""

import dataclasses

import numpy as np

from migan_tf.base.errors import UserError, quoted
from migan_tf.evaluation import (
    features,
    generator_distances,
    generator_figures,
    generator_report,
    generator_scores,
    generator_table,
    generator_yardstick,
    painted_images,
)
from migan_tf.inference.load import load_generator, load_segmenter
from migan_tf.models.vgg19 import RANDOM_NOTE

# The figures whose quotient, painted over photographs, is told.
RATIOS = {
    "nearest_ratio": "nearest_training_distance",
    "nearest_ground_ratio": "nearest_training_ground",
    "sensitivity_thin_ratio": "vessel_consistency/sensitivity_thin",
    "sensitivity_thick_ratio": "vessel_consistency/sensitivity_thick",
}


def evaluate_synthesis(
    folder,
    config,
    *,
    reader,
    split="test",
    samples=4,
    seed=0,
    reference=None,
    extractor=None,
    style=None,
):
    """Paints every vessel map of a split and scores what was painted.

    Args:
      folder: `model_folder.ModelFolder` of the generator.
      config: its `Config`, with the place of the photographs.
      reader: `model_folder.ModelFolder` of the segmenter that reads the
        vessels.
      split: `train`, `validation` or `test` of the dataset.
      samples: images of each map, at least 2.
      seed: the noise codes are a function of it, the map's place in the split
        and the sample's number.
      reference: `model_folder.ModelFolder` of another generator, which is
        scored beside it, or None.
      extractor: of `features`, for the KID; default the reader's own.
      style: `StylePhotograph` or None. Without a vessel map its vessels are
        those that the segmenter finds.

    Returns:
      (result, pictures): what metrics.json holds, and the rows of the contact
      sheet, lists of (S,S,3) uint8.

    Raises:
      UserError: a flag or a run is at fault.
    """
    if samples < 2:
        raise UserError(
            "--samples must be at least 2: diversity is a deviation over the "
            f"images of one map. Received: {samples}"
        )
    generators = _load_generators(folder, reference)
    analyser = painted_images.ImageAnalyser(
        load_segmenter(reader, one_view=True),
        extractor or features.SegmenterFeatures.of(reader),
    )
    if style and style.vessel_map is None:
        style = _with_vessels(style, analyser)
    known = _Photographs.read(config, split, analyser=analyser, style=style)
    parts, pictures = {"generator": None, "reference": None}, None
    for name, generator in generators.items():
        parts[name], rows = _score(
            generator, known, analyser=analyser, samples=samples, seed=seed
        )
        pictures = pictures or rows  # The generator's, which comes first.
    random = _is_of_random_weights(config)
    result = {
        **_places(folder, reader, reference),
        "weights_sha256": generators["generator"].weights_sha256,
        "features": analyser.extractor.name,
        "split": split,
        "maps": len(known.vessel_maps),
        "samples": samples,
        "seed": seed,
        "image_size": config.image_size,
        "thick_from_pixels": generator_scores.thick_width(config.image_size),
        "style": style and style.name,
        "sheet": generator_report.sheet_name(random),
        "training": _colours_of(known.training),
        "photographs": known.scores.figures,
        "half_to_half": known.half_to_half(),
        **parts,
        "warnings": _doubts(folder, config, reader=reader, random=random),
    }
    return result, pictures


@dataclasses.dataclass(frozen=True)
class _Photographs:
    """The photographs of a split, their scores, and those trained on."""

    originals: generator_scores.FundusImages
    vessel_maps: np.ndarray  # (N,S,S) float32, as a generator takes them
    training: generator_scores.FundusImages
    scores: generator_scores.Scores
    spreads: dict  # from `generator_yardstick.spreads`
    style: object  # `StylePhotograph` or None

    @classmethod
    def read(cls, config, split, analyser, style):
        """Reads and scores them."""
        training, _ = painted_images.read_split(
            config, "train", analyser=analyser, vessels=False
        )
        originals, vessel_maps = painted_images.read_split(
            config, split, analyser
        )
        scores = generator_scores.score(originals, training, style)
        return cls(
            originals,
            vessel_maps,
            training=training,
            scores=scores,
            spreads=generator_yardstick.spreads(scores.rows),
            style=style,
        )

    def half_to_half(self):
        """Every figure's yardstick, as the figures are nested.

        With them, as `alike`, how often a half passes for alike the other.
        """
        distances = generator_yardstick.distances(
            self.originals,
            generator_distances.fair_count(self.originals, self.training),
        )
        found = generator_figures.nested(self.spreads | distances)
        found["alike"] = generator_yardstick.alike_by_chance(
            self.scores.rows, self.spreads
        )
        return found


def _score(generator, known, analyser, samples, seed):
    """(figures, rows of the contact sheet) of one generator."""
    painted = painted_images.paint(
        generator,
        known.originals,
        vessel_maps=known.vessel_maps,
        samples=samples,
        seed=seed,
    )
    images = painted_images.read(painted, known.originals, analyser)
    found = generator_scores.score(
        images,
        known.training,
        style=known.style,
        photographs=known.originals,
    )
    own, theirs = map(generator_figures.means, (found.rows, known.scores.rows))
    figures = found.figures | {
        "diversity": painted.diversity,
        "noise_stddev": generator.config.evaluation_noise_stddev,
        "alike": generator_yardstick.alike(own, theirs, known.spreads),
    }
    for name, place in RATIOS.items():
        figures[name] = _quotient(place, figures, known.scores.figures)
    pictures = generator_report.sheet_rows(
        known.originals,
        images,
        decisions=found.decisions,
        style=known.style,
    )
    return figures, pictures


def _places(folder, reader, reference):
    """Which networks these are: the keys of the result that say so."""
    model = folder.is_saved_model
    return {
        "workdir": None if model else str(folder.path.parent),
        "model": str(folder.path) if model else None,
        "reference_workdir": reference and str(reference.path.parent),
        "segmenter": str(reader.path),
    }


def _colours_of(training):
    """How many training photographs there are, and their mean colours."""
    means, stddevs = generator_scores.mean_colour(training)
    colour = {"means": means.tolist(), "stddevs": stddevs.tolist()}
    return {"images": len(training.image_ids), "colour": colour}


def _with_vessels(style, analyser):
    """The style photograph with the vessels that the segmenter finds."""
    inside = style.inside()
    levels = analyser.levels(style.levels(), inside)
    _, found = generator_scores.decide(levels[None], inside[None])
    vessel_map = found[0, ..., None].astype(np.float32)
    return dataclasses.replace(style, vessel_map=vessel_map)


def _load_generators(folder, reference):
    """{`generator` and perhaps `reference`: a `protocols.Generator`}."""
    generators = {"generator": load_generator(folder)}
    if reference:
        for name in ("dataset", "image_size", "geometry"):
            own, other = (
                getattr(one.config, name) for one in (folder, reference)
            )
            if own != other:
                raise UserError(
                    f"--reference_workdir must be a run of the same --{name} "
                    "as the generator: both paint the same maps. Received: "
                    f"{other} and {own}. Train one: python -m migan_tf.train "
                    f"--task=synthesis --{name}={quoted(own)} …"
                )
        try:
            generators["reference"] = load_generator(reference)
        except UserError as error:
            raise UserError(f"--reference_workdir: {error}") from error
    return generators


def _is_of_random_weights(config):
    return config.deviation == "style" and config.vgg19_weights == "random"


def _doubts(folder, config, reader, random):
    """What a reader of the report should know, in words."""
    doubts = []
    for name in ("image_size", "geometry"):
        trained, read = getattr(reader.config, name), getattr(config, name)
        if trained != read:
            doubts.append(
                f"the segmenter was trained at --{name}={trained} and reads "
                f"at {read}: look at what it finds in the photographs first"
            )
    if random:
        doubts.append(f"the generator was trained with {RANDOM_NOTE}")
    if folder.config.dataset != config.dataset:
        doubts.append(
            f"the generator was trained on {folder.config.dataset}: what is "
            f"called training photographs here are those of {config.dataset}"
        )
    return doubts


def _quotient(place, figures, yardstick):
    """A figure over the photographs', None where one is not known."""
    own, theirs = (
        generator_table.at(part, place) for part in (figures, yardstick)
    )
    return None if own is None or not theirs else own / theirs
