"""Reads the probability maps of any method and what they are scored against."""

import numpy as np

from migan_tf.base import image_files, map_values
from migan_tf.base.errors import UserError
from migan_tf.base.pairing import pair
from migan_tf.evaluation.scored_image import ScoredImage


def read_scored(
    predictions,
    ground_truth,
    fov_masks="",
    second_annotator="",
    fundus="",
    subset=False,
) -> list[ScoredImage]:
    """Reads the maps of a method and their references.

    Args:
      predictions: folder or tar of probability maps: 8-bit or 16-bit images,
        or float images and .npy in [0,1].
      ground_truth: folder or tar of vessel maps of the first annotator; must
        hold as many files as `predictions`. The others may hold more.
      fov_masks: the same of FOV masks; empty: the whole frame.
      second_annotator: the same of vessel maps of the second, or empty.
      fundus: the same of photographs for the overlays, or empty.
      subset: vessel maps without a prediction are left out, not an error.

    Returns:
      List of `ScoredImage`s, by file name.

    Raises:
      UserError: files missing, unpaired, unreadable or of different sizes.
    """
    maps = image_files.list_by_stem("predictions", predictions)
    partners = {}
    for role, place in (
        ("ground_truth", ground_truth),
        ("fov_masks", fov_masks),
        ("second_annotator", second_annotator),
        ("fundus", fundus),
    ):
        if place:
            files = image_files.list_by_stem(role, place)
            more = subset or role != "ground_truth"
            pairs = pair(list(maps), list(files), role=f"--{role}", subset=more)
            partners[role] = {stem: files[pairs[stem]] for stem in maps}
    planes = {file.name: image_files.read_plane(file) for file in maps.values()}
    probabilities = map_values.to_unit(planes)
    return [
        _scored_image(
            file,
            probabilities[file.name],
            {role: found[stem] for role, found in partners.items()},
        )
        for stem, file in maps.items()
    ]


def _scored_image(file, probability, partners):
    """The `ScoredImage` of one prediction."""
    planes = {}
    for role, partner in partners.items():
        if role == "fundus":
            planes[role] = image_files.read_photograph(partner)
        else:
            planes[role] = map_values.to_binary(
                image_files.read_plane(partner), partner.name
            )
        if planes[role].shape[:2] != probability.shape:
            raise UserError(
                "a prediction must have the size of its photograph: "
                f"resample it first. Received: {file.name} of "
                f"{_size(probability)}, {partner.name} of "
                f"{_size(planes[role])} (height × width)"
            )
    everywhere = np.ones(probability.shape, bool)
    return ScoredImage(
        image_id=file.stem,
        vessel_probability=probability,
        vessel_map=planes["ground_truth"],
        fov_mask=planes.get("fov_masks", everywhere),
        second_annotator=planes.get("second_annotator"),
        fundus=planes.get("fundus"),
    )


def _size(plane):
    return f"{plane.shape[0]} × {plane.shape[1]}"
