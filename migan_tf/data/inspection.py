"""Looks at a folder of downloads and says whether a dataset can be built.

The rules are the builders' own: each dataset folder holds a module
`<name>_checks` whose `survey` the builder calls too. Only what a build would
let pass, but a reader should know, is judged here.
"""

import collections
import dataclasses
import hashlib
import pathlib
import shlex

from migan_tf.base import settings
from migan_tf.base.errors import UserError
from migan_tf.data import prepared

# In the annotations of DRIVE and STARE 4 to 15 % of the pixels are marked.
VESSEL_SHARE = (0.02, 0.25)
ANNOTATION_PATHS = ("manual", "labels")  # of DRIVE, of STARE
FOV_PATH = "/mask/"  # two photographs may well have the same field of view
SHOWN = 12  # sentences of one kind; the rest is counted


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
    reports = []
    for name in sorted(path.parent.name for path in checked):
        survey = prepared.load_module(name, "checks").survey(manual_dir)
        if survey.places:
            reports.append(
                Report(
                    name,
                    survey.places,
                    complete=survey.complete,
                    missing=survey.missing,
                    suspicious=find_suspicious(survey.pixel_arrays),
                    errors=survey.errors,
                )
            )
    return reports


def find_suspicious(pixel_arrays: dict) -> list[str]:
    """Sentences on pictures that are valid one by one, but odd.

    Args:
      pixel_arrays: path -> uint8 array; the path tells what it shows.
    """
    sentences = []
    paths_by_hash = collections.defaultdict(list)
    for path, pixels in pixel_arrays.items():
        if FOV_PATH not in path:
            digest = hashlib.sha256(pixels.tobytes()).digest()
            paths_by_hash[digest].append(path)
        if any(word in path for word in ANNOTATION_PATHS):
            share = (pixels > 0).mean()
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
                    if splits == {"training", "test"}
                    else ""
                )
            )
    return sentences


def describe(reports: list[Report], manual_dir: str) -> str:
    """The reports as text; its last lines are a verdict and a command."""
    if not reports:
        return (
            f"{manual_dir}: no dataset that is known here.\n"
            "DRIVE: training/ and test/ (also inside DRIVE/), or DRIVE.zip, "
            "datasets.zip, or training.zip with test.zip\n"
            "STARE: stare-images.tar, labels-ah.tar, labels-vk.tar\n"
            "verdict: nothing can be built from this folder\n"
            "next: see datasets/drive/README.md and datasets/stare/README.md "
            "for where to get them"
        )
    return "\n\n".join(_describe_one(report, manual_dir) for report in reports)


def _describe_one(report: Report, manual_dir: str) -> str:
    flag = f"--manual_dir={shlex.quote(manual_dir)}"
    lines = [f"{report.dataset}: found in {', '.join(report.places)}"]
    missing = [text for text in report.missing if text not in report.errors]
    for word, sentences in (
        ("complete", report.complete),
        ("missing", missing),
        ("suspicious", report.suspicious),
        ("wrong", report.errors),
    ):
        lines += [f"  {word}: {text}" for text in sentences[:SHOWN]]
        if len(sentences) > SHOWN:
            lines.append(f"  {word}: and {len(sentences) - SHOWN} more")
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
    return "\n".join(lines)
