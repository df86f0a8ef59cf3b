"""Reads the probability maps of any method and what they are scored against."""

import collections.abc
import dataclasses

import numpy as np

from migan_tf.base import image_files, map_kinds, map_values, pictures, results
from migan_tf.base.errors import UserError
from migan_tf.base.pairing import pair
from migan_tf.evaluation.scored_image import ScoredImage


class PredictedImages(collections.abc.Sequence):
    """A sequence of `ScoredImage`s, each read when it is asked for.

    The files of one image are in memory at a time, however many there are.
    """

    def __init__(self, files, partners, find_fov_masks=False):
        """Reads all predictions once, to see what their levels are of.

        Args:
          files: list of `image_files.ImageFile`s, of the predictions.
          partners: list of {role: `ImageFile`}, one for each of them.
          find_fov_masks: whether FOV masks are found in the photographs.

        Raises:
          UserError: one is not readable, or holds no probabilities.
        """
        self._rows = list(zip(files, partners, strict=True))
        self._find_fov_masks = find_fov_masks
        self._brightest, brightest_of = np.zeros((1, 1), np.uint8), ""
        for file in files:
            plane = image_files.read_plane(file)
            if plane.dtype.kind == "f" or plane.min() < 0:
                map_values.to_unit({file.name: plane})
            elif plane.max() > self._brightest:
                self._brightest = np.reshape(plane.max(), (1, 1))
                brightest_of = file.name
        map_values.to_unit({brightest_of: self._brightest})

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place) -> ScoredImage:
        file, partners = self._rows[place]
        # The scale is that of the whole set, for which its brightest stands.
        plane = image_files.read_plane(file)
        unit = map_values.to_unit({"": self._brightest, file.name: plane})
        planes = _planes(file, unit[file.name], partners)
        if self._find_fov_masks:
            planes["fov_masks"] = _found_fov_mask(
                planes["fundus"], partners["fundus"].name
            )
        return _scored_image(file.stem, unit[file.name], planes)


def read_scored(
    predictions,
    ground_truth,
    fov_masks="",
    second_annotator="",
    fundus="",
    subset=False,
    find_fov_masks=False,
) -> PredictedImages:
    """Finds the maps of a method and their references.

    Args:
      predictions: folder or tar of probability maps: 8-bit or 16-bit images,
        or float images and .npy in [0,1].
      ground_truth: folder or tar of vessel maps of the first annotator; must
        hold as many files as `predictions`. The others may hold more.
      fov_masks: the same of FOV masks; empty: the whole frame.
      second_annotator: the same of vessel maps of the second, or empty.
      fundus: the same of photographs for the overlays, or empty.
      subset: vessel maps without a prediction are left out, not an error.
      find_fov_masks: whether FOV masks are found in the photographs.

    Returns:
      The `PredictedImages`, by file name. Reading one raises a `UserError`
      where a file is damaged, no such map, or of another size than its
      prediction.

    Raises:
      UserError: files missing, unpaired or, as far as their headers tell,
        unreadable; predictions that hold no probabilities.
    """
    maps = _probability_maps(
        image_files.list_by_stem("predictions", predictions)
    )
    partners = {stem: {} for stem in maps}
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
            for stem, found in partners.items():
                found[role] = files[pairs[stem]]
                image_files.check(found[role])
    return PredictedImages(
        list(maps.values()), list(partners.values()), find_fov_masks
    )


def _probability_maps(found):
    """Of what `segment` has written into a folder its probabilities alone.

    Args:
      found: {stem: `ImageFile`} of the folder.

    Returns:
      {stem: `ImageFile`}, the stems of such files those of the photographs;
      any other folder as it is.
    """
    ending, others = f"_{results.PROBABILITY}", (results.MAP, results.OVERLAY)
    own = {
        stem.removesuffix(ending): file
        for stem, file in found.items()
        if stem.endswith(ending)
    }
    beside = {f"{stem}_{shows}" for stem in own for shows in others}
    if beside.isdisjoint(found):
        return found
    passed = beside | own.keys() | {stem + ending for stem in own}
    return {
        stem: file for stem, file in found.items() if stem not in passed
    } | {
        stem: dataclasses.replace(file, stem=stem) for stem, file in own.items()
    }


def _planes(file, probability, partners):
    """{role: plane or photograph} of what belongs to a prediction."""
    planes = {}
    for role, partner in partners.items():
        planes[role] = _read(role, partner)
        if planes[role].shape[:2] != probability.shape:
            raise UserError(
                "a prediction must have the size of its photograph: "
                f"resample it first. Received: {file.name} of "
                f"{_size(probability)}, {partner.name} of "
                f"{_size(planes[role])} (height × width)"
            )
    return planes


def _found_fov_mask(fundus, name):
    """The FOV mask (H,W) bool that is found in a photograph."""
    from migan_tf.data import fov  # TensorFlow; few need it.

    large = min(fundus.shape[:2]) >= pictures.LEAST_SIDE
    fov_mask = fov.find_fov_mask(fundus).numpy() if large else np.zeros(1)
    if not fov_mask.any():
        raise UserError(
            f"--find_fov_masks: {name} must show a fundus. Received: one in "
            "which none is found, dark, flat or small. Next: give --fov_masks"
        )
    return fov_mask


def _scored_image(image_id, probability, planes):
    """The `ScoredImage` of one prediction."""
    everywhere = np.ones(probability.shape, bool)
    return ScoredImage(
        image_id=image_id,
        vessel_probability=probability,
        vessel_map=planes["ground_truth"],
        fov_mask=planes.get("fov_masks", everywhere),
        second_annotator=planes.get("second_annotator"),
        fundus=planes.get("fundus"),
    )


def _read(role, file):
    """What a file holds by its role, a plane or a photograph."""
    if role == "fundus":
        return map_kinds.read_photograph(file)
    plane = image_files.read_plane(file)
    if role == "fov_masks":
        return map_values.to_fov_mask(plane, file.name)
    return map_values.to_vessel_map(plane, file.name)


def _size(plane):
    return f"{plane.shape[0]} × {plane.shape[1]}"
