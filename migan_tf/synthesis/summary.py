"""What is written when all blocks of a job are there."""

import collections
import json

import numpy as np

from migan_tf.base.errors import UserError
from migan_tf.metrics import figures
from migan_tf.synthesis import formats, gate, job

SUMMARY, SHEET = "summary.json", "summary.png"
SHOWN, PER_ROW = 16, 8  # images of the sheet
SHOWN_SIDE = 160  # pixels


def finish(plan, store, size) -> dict:
    """Writes the summary and, of records, what makes a dataset of them.

    All of it is a function of the blocks, so that it does not matter which
    machine does it, or how often.

    Args:
      plan: the `job.Plan`.
      store: of the job's files, all blocks of which are there.
      size: side S of the images.

    Returns:
      The summary: numbers of pairs and of refused images by reason.

    Raises:
      UserError: a block is of another job, or damaged.
    """
    tally, lengths, written = collections.Counter(), [], []
    consistency, jobs = [], set()
    for block in range(plan.blocks):
        lines = job.manifest(plan, store, block)
        jobs.update(line["job"] for line in lines)
        through = [line for line in lines if line["image_id"]]
        lengths.append(len(through))
        written += [(block, line["image_id"]) for line in through]
        consistency += [line["consistency"] for line in through]
        for line in lines:
            tally.update(attempt["reason"] for attempt in line["refused"])
    if len(jobs) > 1:
        raise UserError(
            "--output must hold the blocks of one job. Received: blocks of "
            f"{len(jobs)}, by `job` in manifest/. Machines that share a job "
            "need the same flags, data and models"
        )
    summary = {
        "pairs": len(written),
        "given_up": plan.count - len(written),
        "images_made": len(written) + tally.total(),
        "refused": {name: tally[name] for name in gate.REASONS},
        "consistency": _quantiles(consistency),
    }
    if plan.format == "tfrecord":
        bytes_of = sum(store.size(plan.record(b)) for b in range(plan.blocks))
        for name, content in formats.dataset_metadata(
            plan.name, size, lengths=lengths, bytes_of=bytes_of
        ):
            store.write(name, content)
    if written:
        store.write(SHEET, _sheet(plan, store, written))
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


def _quantiles(values):
    if not values:
        return None
    found = np.quantile(values, (0.05, 0.5, 0.95)).round(4)
    return dict(zip(("5 %", "median", "95 %"), found.tolist(), strict=True))


def _sheet(plan, store, written) -> bytes:
    """Maps above their images, from first to last evenly, as PNG."""
    places = np.linspace(0, len(written) - 1, min(SHOWN, len(written)))
    shown = [written[round(place)] for place in places]
    rows = []
    for first in range(0, len(shown), PER_ROW):
        found = [
            _read(plan, store, *place)
            for place in shown[first : first + PER_ROW]
        ]
        rows.append([_small(np.dstack([levels] * 3)) for _, levels in found])
        rows.append([_small(fundus) for fundus, _ in found])
    return formats.encode_png(figures.contact_sheet(rows))


def _read(plan, store, block, image_id):
    if plan.format == "png":
        return formats.read_png(store, image_id)
    return formats.read_record(store.read(plan.record(block)), image_id)


def _small(image):
    return formats.resized(image, SHOWN_SIDE)
