"""The report of a generator: metrics.json, table.txt, a contact sheet."""

import json

import numpy as np

from migan_tf.base import files
from migan_tf.evaluation import generator_table
from migan_tf.metrics import figures

# What a contact sheet shows at most.
SHEET_MAPS, SHEET_SAMPLES = 6, 4


def sheet_rows(originals, painted, decisions, style=None):
    """The rows of the contact sheet.

    Args:
      originals: `generator_scores.FundusImages` of N photographs.
      painted: the same of K images for each, those of one map together.
      decisions: (N·K,S,S) bool, the vessels found in them.
      style: a `StylePhotograph`, or None.

    Returns:
      Lists of (S,S,3) uint8: vessel map, photograph, painted images, overlay
      of the first; with a style a last list that holds its photograph alone.
    """
    count = len(originals.image_ids)
    samples = len(painted.image_ids) // count
    rows = []
    for index in range(min(count, SHEET_MAPS)):
        first = index * samples
        vessel_map = originals.vessel_map[index]
        overlay = figures.overlay(
            painted.fundus[first],
            vessel_map,
            decision=decisions[first],
            fov_mask=originals.fov_mask[index],
        )
        rows.append(
            [
                np.repeat(vessel_map[..., None].astype(np.uint8) * 255, 3, -1),
                originals.fundus[index],
                *painted.fundus[first : first + min(samples, SHEET_SAMPLES)],
                overlay,
            ]
        )
    return rows + ([[style.levels()]] if style else [])


def sheet_name(random) -> str:
    """The contact sheet's file; random VGG-19 weights are said in it."""
    return f"contact_sheet{'_random_vgg19_weights' if random else ''}.png"


def write_report(result, pictures, output) -> str:
    """Writes everything, metrics.json last, and returns the table.

    Args:
      result: from `generator_evaluation.evaluate_synthesis`.
      pictures: from the same.
      output: folder; made.
    """
    folder = files.make_output(output)
    # An older one would stand for a report that is half replaced.
    (folder / files.METRICS).unlink(missing_ok=True)
    text = generator_table.table(result)
    files.write_image(folder / result["sheet"], figures.contact_sheet(pictures))
    files.write_text(folder / "table.txt", text)
    values = json.dumps(result, indent=2, allow_nan=False, ensure_ascii=False)
    files.write_text(folder / files.METRICS, values + "\n")
    return text
