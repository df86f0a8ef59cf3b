"""Pairs the probability maps of any method with what they are scored against.

Files belong together by name: `01_test.png`, `01_manual1.gif` and
`01_test_mask.gif` do, and so do `im0162.png` and `im0162.ah.ppm.gz`.
"""

import re
from os.path import commonprefix

import numpy as np
from absl import logging

from migan_tf.base import image_files, map_values
from migan_tf.base.errors import UserError
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
            pairs = pair(list(maps), list(files), role=role, subset=more)
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


def pair(stems, partners, role, subset=False) -> dict[str, str]:
    """Finds for each prediction the file of the same image.

    What names an image is found by comparing: the whole stem, else what
    differs within a folder (`01` of `01_manual1`, `02_manual1`, …), else the
    first number.

    Args:
      stems: those of the predictions.
      partners: those of the other folder.
      role: its flag, for messages.
      subset: whether `partners` may hold more.

    Returns:
      {stem: partner}.

    Raises:
      UserError: some stem has no partner, or the other way round.
    """
    failures = []
    for key in (_whole, _varying, _numbered):
        left = dict(zip(key(stems), stems, strict=True))
        right = dict(zip(key(partners), partners, strict=True))
        if len(left) < len(stems) or len(right) < len(partners):
            continue
        if "" in left or "" in right:
            continue
        alone = [left[k] for k in left.keys() - right.keys()]
        spare = [right[k] for k in right.keys() - left.keys()]
        if not alone and (subset or not spare):
            if spare:
                logging.info(
                    "--%s: files without a prediction are left out: %s",
                    role,
                    ", ".join(sorted(spare)),
                )
            return {stem: right[k] for k, stem in left.items()}
        failures.append((len(alone) + len(spare), alone, spare))
    alone, spare = min(failures)[1:] if failures else (stems, partners)
    advice = ""
    if failures and not alone:
        advice = ". Next: --subset scores only what has been predicted"
    raise UserError(
        f"--predictions ({len(stems)} files) and --{role} ({len(partners)} "
        "files) must pair by name. Received: predictions without partner: "
        f"{_listed(alone)}; {role} without prediction: "
        f"{_listed(spare)}{advice}"
    )


def _whole(stems):
    return [stem.lower() for stem in stems]


def _varying(stems):
    """What is left of each stem without what all of a folder share."""
    words = [re.findall(r"[a-z0-9]+", stem.lower()) for stem in stems]
    shared = set.intersection(*map(set, words))
    keys = [
        " ".join(word for word in row if word not in shared) for row in words
    ]
    # Letters that all begin or end with: `im0162` and `0162` are one image.
    first = re.match("[a-z]*", commonprefix(keys)).end()
    keys = [key[first:] for key in keys]
    last = re.match("[a-z]*", commonprefix([k[::-1] for k in keys])).end()
    return [_plain_numbers(key[: len(key) - last]) for key in keys]


def _numbered(stems):
    """The first number and a letter at its end: `01l` of `Image_01L_1stHO`."""
    found = [
        re.search(r"\d+(?:[a-z](?![a-z0-9]))?", stem.lower()) for stem in stems
    ]
    return [_plain_numbers(match[0]) if match else "" for match in found]


def _plain_numbers(key):
    return re.sub(r"\d+", lambda number: str(int(number[0])), key)


def _size(plane):
    return f"{plane.shape[0]} × {plane.shape[1]}"


def _listed(stems):
    return ", ".join(sorted(stems)) or "none"
