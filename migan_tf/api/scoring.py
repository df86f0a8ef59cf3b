"""`migan_tf.score`: the figures of `migan_tf.evaluate`, of arrays."""

import dataclasses
import pathlib

import numpy as np

from migan_tf.api import arguments, words
from migan_tf.base import map_values
from migan_tf.base.errors import ArgumentError
from migan_tf.evaluation import report
from migan_tf.evaluation.scored_image import ScoredImage


@dataclasses.dataclass(frozen=True)
class Scores:
    """The figures of a set of images, all their scored pixels as one.

    What each means is in docs/evaluation.md. `str` gives the table that
    `migan_tf.evaluate` prints.
    """

    dice_otsu: float  # the headline: needs no labels
    dice_best_on_test: float  # its threshold is chosen with these labels
    dice_validation_threshold: float | None  # None without that threshold
    auc_roc: float
    auc_pr: float
    average_precision: float
    sensitivity: float  # this and the next two at Otsu's threshold
    specificity: float
    accuracy: float
    otsu_threshold: float
    images: list[dict]  # the same figures of each image, with its `image_id`
    metrics: dict  # all, with intervals, as metrics.json holds it

    def __str__(self) -> str:
        return report.table(self.metrics)


def score(
    probabilities,
    vessel_maps,
    fov_masks=None,
    *,
    second_annotators=None,
    image_ids=None,
    protocol="paper",
    validation_threshold=None,
    bootstrap_samples=1000,
) -> Scores:
    """Scores probability maps of any method against vessel maps.

    Args:
      probabilities: list of (H,W), floats in [0,1] or integers up to 255 or
        65535; or of paths. One alone is a list of it.
      vessel_maps: the same number of vessel maps of the first annotator, of two
        values each.
      fov_masks: the same number of masks of the field of view; needed for
        protocol="paper", which scores the pixels inside.
      second_annotators: the same number of vessel maps of the second.
      image_ids: the images' names; by default the files', or their numbers.
      protocol: "paper", "full_frame" or "masked_frame"; see docs/evaluation.md.
      validation_threshold: threshold of best Dice on validation images, in
        [0,1].
      bootstrap_samples: draws of images for the intervals; 0 for none.

    Returns:
      The `Scores`.

    Raises:
      FileNotFoundError: there is no file of that name.
      TypeError: an argument is of another type.
      ValueError: the lists or sizes differ, or a map is none.
    """
    with words.of_python():
        lists = {
            "probabilities": arguments.listed(probabilities, "probabilities")
        }
        for name, given in (
            ("vessel_maps", vessel_maps),
            ("fov_masks", fov_masks),
            ("second_annotators", second_annotators),
            ("image_ids", image_ids),
        ):
            if given is not None:
                lists[name] = arguments.listed(given, name)
        _check(lists, protocol)
        bootstrap_samples = arguments.whole_number(
            bootstrap_samples, "bootstrap_samples", least=0
        )
        if validation_threshold is not None:
            validation_threshold = arguments.number(
                validation_threshold, "validation_threshold", most=1.0
            )
        metrics = report.score(
            _scored_images(**lists),
            protocol,
            validation_threshold=validation_threshold,
            bootstrap_samples=bootstrap_samples,
        )
    return Scores(
        **metrics["pooled"],
        otsu_threshold=metrics["thresholds"]["otsu"],
        images=metrics["per_image"]["images"],
        metrics=metrics,
    )


def _check(lists, protocol):
    number = len(lists["probabilities"])
    for name, given in lists.items():
        if len(given) != number:
            raise ArgumentError(
                f"`{name}` must hold one for each of `probabilities`. "
                f"Received: {len(given)} for {number}"
            )
        absent = [place for place, one in enumerate(given) if one is None]
        if absent and name != "second_annotators":
            raise ArgumentError(
                f"`{name}` must hold one for each of `probabilities`. "
                f"Received: None at {absent[0]}. Next: leave that image out"
            )
    image_ids = lists.get("image_ids", ())
    names = {str(one).strip() for one in image_ids if np.ndim(one) == 0}
    if len(names - {""}) < len(image_ids):
        raise ArgumentError(
            "`image_ids` must be a name of its own for each image. Received: "
            f"{list(image_ids)}"
        )
    if protocol == "paper" and "fov_masks" not in lists:
        raise ArgumentError(
            "`fov_masks` are needed for protocol='paper', which scores the "
            "pixels inside the field of view. Received: None. Next: give "
            "them, or protocol='full_frame'"
        )


def _names(probabilities):
    """Those of the files, with their folders where these alone differ."""

    def names(of):
        return [
            of(given) if arguments.is_path(given) else str(number)
            for number, given in enumerate(probabilities)
        ]

    short = names(lambda path: pathlib.Path(path).name)
    return short if len(set(short)) == len(short) else names(str)


def _scored_images(
    probabilities,
    vessel_maps,
    fov_masks=None,
    second_annotators=None,
    image_ids=None,
):
    """The `ScoredImage`s of the lists."""
    names = _names(probabilities) if image_ids is None else image_ids
    planes = {
        number: arguments.plane(given, f"probabilities[{number}]")
        for number, given in enumerate(probabilities)
    }
    # By the range of all of them; the names are those of messages.
    unit = map_values.to_unit(
        {f"`probabilities[{number}]`": planes[number] for number in planes}
    )
    images = []
    for number, probability in enumerate(unit.values()):
        shape, found = probability.shape, {}
        if fov_masks is not None:
            found["fov_mask"] = arguments.fov_mask(
                fov_masks[number], shape, f"fov_masks[{number}]"
            )
        for role, given in (
            ("vessel_map", vessel_maps),
            ("second_annotator", second_annotators),
        ):
            if given is not None:
                name = f"{role}s[{number}]"
                found[role] = arguments.vessels(given[number], name)
                arguments.check_size(found[role], shape, name)
        images.append(
            ScoredImage(
                image_id=str(names[number]),
                vessel_probability=probability,
                **{"fov_mask": np.ones(shape, bool), **found},
            )
        )
    return images
