"""Finds the files of a known dataset by their names, wherever they lie."""

import dataclasses
from collections.abc import Callable

from migan_tf.base import downloads, image_files
from migan_tf.data.annotated_files import PLANES, AnnotatedFiles, Survey

SHOWN = 3  # names in one sentence


@dataclasses.dataclass(frozen=True)
class NamedSet:
    """A dataset whose files have names of their own.

    Attributes:
      name: what it is called in messages.
      image_ids: {"train": list, "test": list}.
      size: (height, width) of every picture.
      place: function of a `downloads.File` that gives (image id, plane), or
        None where it is no file of this dataset; an unknown image id is told.
      zips: what the names of its zips begin with, in small letters.
      required: planes that every photograph must have beside `fundus`; the
        others all photographs of a split have, or none.
    """

    name: str
    image_ids: dict[str, list[str]]
    size: tuple[int, int]
    place: Callable
    zips: tuple[str, ...]
    required: tuple[str, ...] = ("vessel_map",)


def survey(known, manual_dir) -> Survey:
    """Looks for a dataset in a folder and reads every file of it.

    Args:
      known: `NamedSet`.
      manual_dir: the folder.

    Returns:
      `Survey`. A copy without the test half can be built; `missing` says so.
    """
    report = Survey()
    listed = downloads.find_files(manual_dir)
    found, strangers = {}, []
    every = {image_id for ids in known.image_ids.values() for image_id in ids}
    for file in listed.files:
        placed = known.place(file)
        if placed is None:
            continue
        if placed[0] in every:
            found.setdefault(placed, file)
        else:
            strangers.append(file.where)
    damaged = [
        sentence
        for sentence in listed.damaged
        if sentence.rpartition("/")[2].lower().startswith(known.zips)
    ]
    report.places = sorted({file.folder for file in found.values()})
    if not found:
        report.places = report.errors = damaged
        return report
    report.errors += [
        f"{where} belongs to no image of {known.name}" for where in strangers
    ]
    for split in known.image_ids:
        _survey_split(report, known, split=split, found=found)
    report.entries = [
        _entry(image_id, split, found)
        for split, image_ids in known.image_ids.items()
        for image_id in image_ids
        if (image_id, "fundus") in found
    ]
    return report.read_all(known.size)


def _survey_split(report, known, split, found):
    image_ids = known.image_ids[split]
    there = {
        plane: [i for i in image_ids if (i, plane) in found]
        for plane in ("fundus", *PLANES)
    }
    if split == "test" and not any(there.values()):
        report.missing.append(
            f"test: none of the {len(image_ids)} photographs is here; what is "
            "here can be trained on"
        )
        return
    for plane, ids in there.items():
        absent = [image_id for image_id in image_ids if image_id not in ids]
        if not absent:
            report.complete.append(f"{split}: {len(ids)} × {plane}")
        elif ids or plane == "fundus" or plane in known.required:
            sentence = (
                f"{split}: {plane} is missing for {len(absent)} of "
                f"{len(image_ids)} photographs: {', '.join(absent[:SHOWN])}"
                + (" …" if len(absent) > SHOWN else "")
            )
            report.missing.append(sentence)
            report.errors.append(sentence)
        else:
            normal = "it is found" if plane == "fov_mask" else "normal"
            report.missing.append(f"{split}: no {plane}: {normal}")


def _entry(image_id, split, found):
    files = {}
    for plane in ("fundus", *PLANES):
        if file := found.get((image_id, plane)):
            files[plane] = image_files.ImageFile(
                file.where, image_files.stem_of(file.name), file.read
            )
    return AnnotatedFiles(image_id, split, **files)
