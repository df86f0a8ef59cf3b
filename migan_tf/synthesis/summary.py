"""Sums up a job when all of its blocks are there: numbers, and a picture."""

import collections
import json

import cv2
import numpy as np

from migan_tf.base.errors import UserError
from migan_tf.base.files import SUMMARY, encode_png
from migan_tf.metrics import figures
from migan_tf.synthesis import formats, gate, job

SHEET = "summary.png"
# What lets more images through, by the reason that most were refused for.
_ADVICE = {
    "blank": "give vessel maps that fill the field of view",
    "holes": "a smaller --noise_stddev, or another --model",
    "gamut": (
        "a smaller --noise_stddev, another --model, or a larger --colour_margin"
    ),
    "vessels": (
        "vessel maps like those of photographs, another --model, or a smaller "
        "--least_consistency"
    ),
    "copy": "--vessel_source=deformed, or a smaller --least_distance",
}
SHOWN, PER_ROW = 16, 8  # pairs on the sheet
SHOWN_SIDE = 160  # pixels


def finish(plan, store) -> dict:
    """Writes the summary and whatever makes the job's files complete.

    All of it is a function of the blocks, so that it does not matter which
    machine does it, or how often.

    Args:
      plan: the `job.Plan`.
      store: of the job's files, in which all blocks are there.

    Returns:
      The summary: `pairs`, `given_up` and `images_made` are counts, `refused`
      is {reason: images}, `consistency` has three quantiles of the Dice of the
      vessels that were found again, or is None without a pair.

    Raises:
      UserError: a block is of another job, or damaged.
    """
    refused, lengths, written = collections.Counter(), [], []
    consistency, jobs = [], set()
    for block in range(plan.blocks):
        lines = job.manifest(plan, store, block)
        jobs.update(line["job"] for line in lines)
        through = [line for line in lines if line["image_id"]]
        lengths.append(len(through))
        written += [(block, line["image_id"]) for line in through]
        consistency += [line["consistency"] for line in through]
        for line in lines:
            refused.update(attempt["reason"] for attempt in line["refused"])
    if len(jobs) > 1:
        raise UserError(
            "--output must hold the blocks of one job. Received: blocks of "
            f"{len(jobs)}, by `job` in manifest/. Machines that share a job "
            "need the same flags, data and models"
        )
    summary = {
        "pairs": len(written),
        "given_up": plan.count - len(written),
        "images_made": len(written) + refused.total(),
        "refused": {name: refused[name] for name in gate.REASONS},
        "consistency": _quantiles(consistency),
    }
    files = formats.files_of(plan, store)
    files.finish(lengths)
    if written:
        store.write(SHEET, _sheet(files, written))
    text = json.dumps(summary, indent=1) + "\n"
    store.write(SUMMARY, text.encode())
    store.clear()
    return summary


def describe(summary) -> str:
    """The summary as a line of text."""
    made, refused = summary["images_made"], summary["refused"]
    shares = ", ".join(
        f"{name} {count} ({count / made:.1%})"
        for name, count in refused.items()
    )
    return (
        f"{summary['pairs']} pairs of {made} images made; refused: {shares}; "
        f"numbers given up: {summary['given_up']}"
    )


def shortfall(summary) -> str:
    """What is wrong where numbers were given up, and what to change.

    Args:
      summary: from `finish`.

    Returns:
      A sentence; empty where every pair that was asked for is there.
    """
    if not summary["given_up"]:
        return ""
    refused = {name: n for name, n in summary["refused"].items() if n}
    counts = ", ".join(f"{name} {n}" for name, n in refused.items())
    most = max(refused, key=refused.get, default="vessels")
    pairs = summary["pairs"]
    return (
        f"{pairs} of {pairs + summary['given_up']} pairs were made: no image "
        f"of the others passed the gate (images refused: {counts}). Next, with "
        f"another --output: {_ADVICE[most]}"
    )


def _quantiles(values):
    if not values:
        return None
    found = np.quantile(values, (0.05, 0.5, 0.95)).round(4)
    return dict(zip(("5 %", "median", "95 %"), found.tolist(), strict=True))


def _sheet(files, written) -> bytes:
    """Maps above their images, evenly from the first to the last, as PNG."""
    places = np.linspace(0, len(written) - 1, min(SHOWN, len(written)))
    shown = [written[round(place)] for place in places]
    rows = []
    for first in range(0, len(shown), PER_ROW):
        found = [files.read(*place) for place in shown[first : first + PER_ROW]]
        rows.append([_small(np.dstack([levels] * 3)) for _, levels in found])
        rows.append([_small(fundus) for fundus, _ in found])
    return encode_png(figures.contact_sheet(rows))


def _small(image):
    """(S,S,3) uint8 at the size of the sheet's pictures, by averaging."""
    size = (SHOWN_SIDE, SHOWN_SIDE)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
