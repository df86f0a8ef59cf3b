"""Looks at a folder of downloads and says whether a dataset can be built.

The rules are the builders' own: each dataset folder holds a module
`<name>_checks` whose `survey` the builder calls too. Only what a build would
let pass, but a reader should know, is judged here. A folder of none of the
known datasets is looked at as one of the user's own.
"""

import collections
import dataclasses
import hashlib
import pathlib

from migan_tf.base import downloads, settings
from migan_tf.base.errors import UserError, quoted
from migan_tf.data import prepared

# In the annotations of DRIVE and STARE 4 to 15 % of the pixels are marked.
VESSEL_SHARE = (0.02, 0.25)
ANNOTATION_PATHS = ("manual", "labels")  # of DRIVE, of STARE
FOV_PATH = "/mask/"  # two photographs may well have the same field of view
OWN = "folder"  # the dataset that any folder may be
SHOWN = 12  # sentences of one kind that is at fault; the rest is counted


LAYOUTS = (
    "DRIVE: training/ and test/, also in zips, of any names",
    "STARE: stare-images.tar, labels-ah.tar, labels-vk.tar",
    "CHASE_DB1: Image_01L.jpg with Image_01L_1stHO.png …, also in a zip",
    "HRF: images/, manual1/ and mask/, also in a zip",
    "your own: images/ and vessel_maps/ with files of the same names",
)


@dataclasses.dataclass(frozen=True)
class Settings:
    """The flags of `doctor.py`."""

    manual_dir: str = settings.field(
        default="", help="Folder that the downloads lie in.", place=True
    )


@dataclasses.dataclass(frozen=True)
class Report:
    """The state of one dataset in one folder.

    Attributes:
      dataset: its name, e.g. "drive".
      places: folders, zips or tars that it was found in.
      complete: what is whole.
      missing: what is not there; only what is also in `errors` is a fault.
      suspicious: what does not hinder a build, but may be a mistake.
      errors: what hinders it.
    """

    dataset: str
    places: list[str]
    complete: list[str]
    missing: list[str]
    suspicious: list[str]
    errors: list[str]

    @property
    def buildable(self) -> bool:
        """Whether a build would go through."""
        return not self.errors


def inspect(manual_dir: str) -> list[Report]:
    """Surveys a folder for every dataset that comes from downloads.

    Args:
      manual_dir: the folder.

    Returns:
      One report for each dataset of which anything was found.

    Raises:
      UserError: no such folder.
    """
    if not pathlib.Path(manual_dir).is_dir():
        raise UserError(
            "--manual_dir must be a folder that exists. Received: "
            f"{manual_dir!r}. Next: python -m migan_tf.doctor "
            "--manual_dir=DIR, DIR being where the downloads lie"
        )
    checked = prepared.code_dir().glob("*/*_checks.py")
    names = sorted({path.parent.name for path in checked} - {OWN})
    known = [_report(name, manual_dir) for name in names]
    found = [report for report in known if report.places]
    if not found:
        found = [_report(OWN, manual_dir)]
    return [report for report in found if report.places]


def _report(name, manual_dir) -> Report:
    survey = prepared.load_module(name, "checks").survey(manual_dir)
    facts = getattr(survey, "facts", None)
    if facts is None:
        facts = facts_of(survey.pixel_arrays)
    return Report(
        name,
        survey.places,
        complete=survey.complete,
        missing=survey.missing,
        suspicious=find_suspicious(facts),
        errors=survey.errors,
    )


def facts_of(pixel_arrays: dict) -> dict:
    """{path: (SHA-256 of the pixels, share of vessel)}.

    The share is None for what is no annotation; FOV masks are left out.

    Args:
      pixel_arrays: path -> uint8 array; the path tells what it shows.
    """
    facts = {}
    for path, pixels in pixel_arrays.items():
        if FOV_PATH in path:
            continue
        annotation = any(word in path for word in ANNOTATION_PATHS)
        share = (pixels > 0).mean() if annotation else None
        facts[path] = hashlib.sha256(pixels.tobytes()).hexdigest(), share
    return facts


def find_suspicious(facts: dict) -> list[str]:
    """Sentences on pictures that are valid one by one, but odd.

    Args:
      facts: path, which begins with the split -> (SHA-256 of the pixels, share
        of vessel, or None for photographs).
    """
    sentences = []
    paths_by_hash = collections.defaultdict(list)
    for path, (digest, share) in facts.items():
        paths_by_hash[digest].append(path)
        if share is not None:
            if not VESSEL_SHARE[0] <= share <= VESSEL_SHARE[1]:
                sentences.append(
                    f"{path}: {share:.1%} of the pixels are vessel; "
                    f"{VESSEL_SHARE[0]:.0%} to {VESSEL_SHARE[1]:.0%} are "
                    "usual. Is it an annotation, and not inverted?"
                )
    for paths in paths_by_hash.values():
        if len(paths) > 1:
            splits = {path.split("/")[0] for path in paths}
            sentences.append(
                f"{' and '.join(paths)} hold the same pixels"
                + (
                    ": what is trained on would be tested on"
                    if "test" in splits and len(splits) > 1
                    else ""
                )
            )
    return sentences


def describe(reports: list[Report], manual_dir: str) -> str:
    """The reports as text; its last lines are a verdict and a command."""
    if not reports:
        found = downloads.find_files(manual_dir)
        return "\n".join(
            [
                f"{manual_dir}: no dataset that is known here, and no "
                "photographs with vessel maps.",
                *found.damaged,
                *LAYOUTS,
                "verdict: nothing can be built from this folder",
                "next: see docs/own_photographs.md, and the README.md in "
                "datasets/ of each dataset for where to get it",
            ]
        )
    return "\n\n".join(_describe_one(report, manual_dir) for report in reports)


def _describe_one(report: Report, manual_dir: str) -> str:
    flag = f"--manual_dir={quoted(manual_dir)}"
    lines = [f"{report.dataset}: found in {', '.join(report.places)}"]
    missing = [text for text in report.missing if text not in report.errors]
    for word, sentences in (
        ("complete", report.complete),
        ("missing", missing),
        ("suspicious", report.suspicious),
        ("wrong", report.errors),
    ):
        # Every pair of files is among what is complete.
        shown = len(sentences) if word == "complete" else SHOWN
        lines += [f"  {word}: {text}" for text in sentences[:shown]]
        if len(sentences) > shown:
            lines.append(f"  {word}: and {len(sentences) - shown} more")
    if report.buildable:
        lines.append(f"verdict: {report.dataset} can be built")
        lines.append(
            "next: python -m migan_tf.train --flagfile=experiments/"
            f"{report.dataset}.flags {flag}"
        )
    else:
        lines.append(
            f"verdict: {report.dataset} cannot be built, "
            f"{len(report.errors)} thing(s) to put right"
        )
        lines.append(
            f"next: put them right, then python -m migan_tf.doctor {flag}"
        )
        if report.dataset != OWN:
            lines.append(
                "or take the photographs as they are: python -m "
                f"migan_tf.train --flagfile=experiments/folder.flags {flag}"
            )
    return "\n".join(lines)
