"""Says of a folder of one's own what it holds and whether it can be built."""

import os

from migan_tf.base import downloads
from migan_tf.base.errors import UserError
from migan_tf.data.annotated_files import Survey

from . import folder_files as files


def survey(manual_dir) -> Survey:
    """Recognises the files of a folder and reads every one of them."""
    report = Survey()
    try:
        layout = files.read_layout(manual_dir)
    except UserError as error:
        report.places.append(str(manual_dir))
        report.errors.append(str(error))
        return report
    if not layout.entries:
        return report
    report.places.append(str(manual_dir))
    report.entries = layout.entries
    report.complete += layout.sentences + sentences_on(
        layout.entries, manual_dir
    )
    report.missing += _gaps(layout.entries)
    if not any(entry.vessel_map for entry in layout.entries):
        report.errors.append(
            f"{manual_dir} must hold vessel maps: without, its photographs can "
            "neither be trained on nor scored. Received: "
            f"{'; '.join(layout.sentences)}. Next: put maps of the same names "
            "into vessel_maps/ beside them, in which all vessels, arteries and "
            "veins alike, have one grey level"
        )
    report.read_all()
    report.errors += _twice(report)
    return report


def _twice(report):
    """A sentence on each photograph that is one of both splits."""
    first, told = {}, []
    for entry in report.entries:
        digest = report.digest_of(entry)
        twin = first.setdefault(digest, entry)
        if digest and twin.split != entry.split:
            told.append(
                f"{twin.fundus.name} and {entry.fundus.name} are the same "
                "photograph, one in train and one in test: its figures would "
                "be those of what was learned. Next: remove one of them"
            )
    return told


def sentences_on(entries, root) -> list[str]:
    """How many photographs each split has, and every pair of files."""
    told = []
    for split in sorted({entry.split for entry in entries}, reverse=True):
        count = sum(entry.split == split for entry in entries)
        told.append(f"{split}: {count} photographs")
    for entry in entries:
        names = [
            os.path.relpath(file.name, root)
            for file in (
                entry.vessel_map,
                entry.fov_mask,
                entry.second_annotator,
            )
            if file
        ]
        told.append(
            f"{entry.image_id}: "
            f"{os.path.relpath(entry.fundus.name, root)} with "
            f"{', '.join(names) or 'nothing'}"
        )
    return told


def _gaps(entries):
    gaps = []
    for split in ("train", "test"):
        of_split = [entry for entry in entries if entry.split == split]
        if not of_split:
            gaps.append(
                f"{split}: no photographs; name them in splits.csv, or put "
                f"them into folders called {split}"
            )
            continue
        for plane, what in (
            ("vessel_map", "cannot be trained on or scored"),
            ("fov_mask", "normal, their field of view is found"),
            ("second_annotator", "normal"),
        ):
            count = sum(getattr(entry, plane) is None for entry in of_split)
            if count:
                gaps.append(
                    f"{split}: {count} of {len(of_split)} photographs have no "
                    f"{plane}: {what}"
                )
    return gaps


def explain_nothing(manual_dir) -> str:
    """What to do with a folder in which there are no pictures."""
    zips = sorted(
        {
            file.parts[0]
            for file in downloads.find_files(manual_dir).files
            if file.zips
        }
    )
    return (
        f"{manual_dir} must hold pictures, such as images/*.png with "
        "vessel_maps/*.png. Received: no picture"
        + (f", but {', '.join(zips)}: unpack it" if zips else "")
    )
