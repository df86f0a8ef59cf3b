"""Annotated photographs as files: what is checked of them, and how they read.

The builders of folders, CHASE_DB1 and HRF say which files belong together;
here each is read, one photograph at a time, held against what it must be, and
made an example of a TFDS dataset.
"""

import dataclasses
import hashlib

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from migan_tf.base import image_files, map_kinds, map_values
from migan_tf.base.errors import UserError
from migan_tf.base.image_files import ImageFile
from migan_tf.base.pictures import LEAST_SIDE
from migan_tf.data.fov import find_fov_mask

PLANES = ("vessel_map", "fov_mask", "second_annotator")
ERRORS_SHOWN = 5
MISTAKEN = {
    "vessel_map": (map_kinds.FILLED,),
    "second_annotator": (map_kinds.FILLED,),
    "fov_mask": (map_kinds.VESSELS, map_kinds.INVERTED),
}


@dataclasses.dataclass(frozen=True)
class AnnotatedFiles:
    """The files of one photograph, None where there is none."""

    image_id: str
    split: str  # "train" or "test"
    fundus: ImageFile
    vessel_map: ImageFile | None = None
    fov_mask: ImageFile | None = None  # None: the FOV is found
    second_annotator: ImageFile | None = None


@dataclasses.dataclass
class Survey:
    """The state of a dataset of such files in one folder, in sentences.

    Attributes:
      entries: list of `AnnotatedFiles`, by split and image id.
      places: where they were found; empty: nothing is here.
      complete: what is whole.
      missing: what is not there, errors and normal gaps alike.
      errors: what forbids a build; empty when it can go ahead.
      facts: name of a file -> (SHA-256 of its pixels, share of vessel or None),
        of what was read.
    """

    entries: list[AnnotatedFiles] = dataclasses.field(default_factory=list)
    places: list[str] = dataclasses.field(default_factory=list)
    complete: list[str] = dataclasses.field(default_factory=list)
    missing: list[str] = dataclasses.field(default_factory=list)
    errors: list[str] = dataclasses.field(default_factory=list)
    facts: dict = dataclasses.field(default_factory=dict)

    def read_all(self, size=None):
        """Reads every file, one photograph after the other.

        What is wrong goes to `errors`, the rest to `facts`.

        Args:
          size: (height, width) that all must have, or None for any.
        """
        for entry in self.entries:
            try:
                example = read_example(entry, size)
            except UserError as error:
                self.errors.append(str(error))
                continue
            for plane in ("fundus", "vessel_map", "second_annotator"):
                if file := getattr(entry, plane):
                    pixels = example[plane]
                    share = None if plane == "fundus" else (pixels > 127).mean()
                    digest = hashlib.sha256(pixels.tobytes()).hexdigest()
                    self.facts[_place(entry, file)] = digest, share
        return self

    def digest_of(self, entry) -> str | None:
        """SHA-256 of the pixels of an entry's photograph, if it was read."""
        found = self.facts.get(_place(entry, entry.fundus))
        return found and found[0]


def _place(entry, file):
    return f"{entry.split}/{file.name}"


def features(size=(None, None)) -> tfds.features.FeaturesDict:
    """The features that all datasets here have, of one size or of any."""
    images = {
        plane: tfds.features.Image(
            shape=(*size, channels), encoding_format="png"
        )
        for plane, channels in (("fundus", 3), *((p, 1) for p in PLANES))
    }
    return tfds.features.FeaturesDict(
        {
            "image_id": tfds.features.Text(),
            "has_vessel_map": tfds.features.Scalar(tf.bool),
            "has_second_annotator": tfds.features.Scalar(tf.bool),
            **images,
        }
    )


def by_split(entries) -> dict:
    """{split: its `AnnotatedFiles`}, of the splits that are there."""
    names = sorted({entry.split for entry in entries}, reverse=True)
    return {name: [e for e in entries if e.split == name] for name in names}


def check(survey, what) -> None:
    """Raises a `UserError` where a `Survey` found what forbids a build."""
    if survey.errors:
        more = len(survey.errors) - ERRORS_SHOWN
        raise UserError(
            f"{what} cannot be built:\n- "
            + "\n- ".join(survey.errors[:ERRORS_SHOWN])
            + (f"\n- and {more} more" if more > 0 else "")
        )


def read_example(entry, size=None) -> dict:
    """Reads the files of one photograph and checks them.

    Args:
      entry: `AnnotatedFiles`.
      size: (height, width) that it must have, or None for any.

    Returns:
      An example of `features`; vessel maps are as soft as their files, absent
      ones are 0, and an absent FOV mask is found.

    Raises:
      UserError: names the file, the rule and what was received.
    """
    fundus = map_kinds.read_photograph(entry.fundus)
    height, width = fundus.shape[:2]
    if min(height, width) < LEAST_SIDE or size and (height, width) != size:
        rule = f"at least {LEAST_SIDE} × {LEAST_SIDE}"
        if size:
            rule = "{} × {}".format(*size)
        raise UserError(
            f"{entry.fundus.name} must be {rule} pixels (height × width). "
            f"Received: {height} × {width}"
        )
    planes = {}
    for name in PLANES:
        file = getattr(entry, name)
        plane = np.zeros((height, width), np.float32)
        if file is not None:
            plane = _read_plane(file, name)
        elif name == "fov_mask":
            plane = _found_fov(fundus, entry.fundus.name)
        if plane.shape != (height, width):
            raise UserError(
                f"{file.name} must have the size of its photograph "
                f"{entry.fundus.name}, {height} × {width} (height × width). "
                f"Received: {plane.shape[0]} × {plane.shape[1]}"
                f"{_turned(plane.shape, (height, width))}"
            )
        planes[name] = np.round(plane * 255).astype(np.uint8)[..., None]
    return {
        "image_id": entry.image_id,
        "fundus": fundus,
        "has_vessel_map": entry.vessel_map is not None,
        "has_second_annotator": entry.second_annotator is not None,
        **planes,
    }


def _turned(shape, right):
    if shape == right[::-1]:
        return ". Next: turn it by 90 degrees"
    return ". Next: give the one that was drawn on this photograph"


def _read_plane(file, name):
    """A map of one of `PLANES`, (H,W) float32 in [0,1], of its kind."""
    if name == "fov_mask":
        stored = image_files.read_plane(file)
        plane = map_values.to_fov_mask(stored, file.name).astype(np.float32)
    else:
        plane = map_values.read_vessel_map(file)
    kind = map_kinds.kind_of(plane)
    if kind in MISTAKEN[name]:
        raise UserError(
            f"{file.name} must be a {name}: "
            + (
                "bright where the photograph shows the retina, 0 around it"
                if name == "fov_mask"
                else "thin bright lines on a dark ground"
            )
            + f". Received: one that looks like {kind}"
        )
    return plane


def _found_fov(fundus, name):
    fov_mask = find_fov_mask(fundus).numpy()
    if not fov_mask.any():
        raise UserError(
            f"{name} must show a lit field of view before a darker surround, "
            "or retina everywhere. Received: a photograph that is black or "
            "flat. Next: give its FOV mask, or leave it out"
        )
    return fov_mask.astype(np.float32)
