"""A job of many pairs: one block of it, and what is written when all are there.

A store is `synthetic_store.LocalStore` or anything with its methods.
"""

import collections
import json

import numpy as np

from migan_tf import (
    synthesis_report,
    synthetic_gate,
    synthetic_pictures,
    synthetic_records,
)
from migan_tf.errors import UserError

JOB, SUMMARY, SHEET = "job.json", "summary.json", "summary.png"
SHOWN, PER_ROW = 16, 8  # images of the sheet
SHOWN_SIDE = 160  # pixels


def claim(store, settings) -> None:
    """Writes what the job is, or checks that the folder holds the same one.

    Args:
      store: of the job's files.
      settings: plain values that the files' contents are a function of.

    Raises:
      UserError: another job's files are there.
    """
    text = json.dumps(settings, indent=1, ensure_ascii=False) + "\n"
    if not store.exists(JOB):
        store.write(JOB, text.encode())
        return
    there = json.loads(store.read(JOB))
    names = sorted(
        name
        for name in settings.keys() | there.keys()
        if settings.get(name) != there.get(name)
    )
    if names:
        different = ", ".join(
            f"{name} is {_short(there.get(name))} there and "
            f"{_short(settings.get(name))} here"
            for name in names
        )
        raise UserError(
            f"--output holds another job ({JOB}): {different}. Give the flags "
            "and data it has, or another --output"
        )


def make_block(plan, store, maker, block, made=lambda: None) -> None:
    """Makes and writes one block, unless it is there.

    Args:
      plan: the `synthetic_plan.Plan`.
      store: of the job's files.
      maker: a `synthetic_pairs.Maker`.
      block: its number.
      made: called after each pair.
    """
    if store.exists(plan.manifest(block)):
        return
    pairs, lines = [], []
    for number in plan.numbers(block):
        pair, facts = maker.make(number)
        lines.append(json.dumps(facts, ensure_ascii=False) + "\n")
        if pair is not None:
            pairs.append(pair)
        made()
    if plan.format == "png":
        for pair in pairs:
            for name, content in synthetic_pictures.files_of(pair):
                store.write(name, content)
    else:
        store.write(plan.record(block), synthetic_records.file_of(pairs))
    # Last: a block that has it is whole.
    store.write(plan.manifest(block), "".join(lines).encode())


def missing(plan, store) -> list[int]:
    """The blocks that are not there yet."""
    return [b for b in range(plan.blocks) if not store.exists(plan.manifest(b))]


def finish(plan, store, size) -> dict:
    """Writes the summary and, of records, what makes a dataset of them.

    All of it is a function of the blocks, so that it does not matter which
    machine does it, or how often.

    Args:
      plan: the `synthetic_plan.Plan`.
      store: of the job's files, all blocks of which are there.
      size: side S of the images.

    Returns:
      The summary: numbers of pairs and of refused images by reason.
    """
    tally, lengths, written = collections.Counter(), [], []
    consistency = []
    for block in range(plan.blocks):
        lines = _lines(plan, store, block)
        through = [line for line in lines if line["image_id"]]
        lengths.append(len(through))
        written += [(block, line["image_id"]) for line in through]
        consistency += [line["consistency"] for line in through]
        for line in lines:
            tally.update(attempt["reason"] for attempt in line["refused"])
    summary = {
        "pairs": len(written),
        "given_up": plan.count - len(written),
        "images_made": len(written) + tally.total(),
        "refused": {name: tally[name] for name in synthetic_gate.REASONS},
        "consistency": _quantiles(consistency),
    }
    if plan.format == "tfrecord":
        bytes_of = sum(store.size(plan.record(b)) for b in range(plan.blocks))
        for name, content in synthetic_records.metadata(
            plan.name, size, lengths, bytes_of
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


def _lines(plan, store, block):
    text = store.read(plan.manifest(block)).decode()
    return [json.loads(line) for line in text.splitlines()]


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
    return synthetic_pictures.encode(synthesis_report.contact_sheet(rows))


def _read(plan, store, block, image_id):
    if plan.format == "png":
        return synthetic_pictures.read(store, image_id)
    return synthetic_records.read(store.read(plan.record(block)), image_id)


def _small(image):
    return synthetic_pictures.resized(image, SHOWN_SIDE)


def _short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
