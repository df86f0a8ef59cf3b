"""The report of a generator: metrics.json, table.txt, a contact sheet."""

import json
import textwrap

import numpy as np

from migan_tf.base import files
from migan_tf.metrics import figures

# What a contact sheet shows at most.
SHEET_MAPS, SHEET_SAMPLES = 6, 4
COLUMNS = {
    "generator": "painted",
    "reference": "reference",
    "photographs": "photographs",
}
# Title, the place of a figure in a part of the result, its decimals.
ROWS = (
    ("Vessels that were asked for and are found", None, None),
    ("Dice", "vessel_consistency/dice", 4),
    ("sensitivity, thin vessels", "vessel_consistency/sensitivity_thin", 4),
    ("sensitivity, thick vessels", "vessel_consistency/sensitivity_thick", 4),
    ("centreline Dice", "vessel_consistency/centreline_dice", 4),
    ("Colour, distance in grey levels", None, None),
    ("to the training photographs", "colour/distance_to_training", 2),
    ("to the style photograph", "colour/distance_to_style", 2),
    ("Vessels of the style photograph", None, None),
    ("found where they are", "style_leak/leak", 4),
    ("found elsewhere (chance)", "style_leak/chance", 4),
    ("Likeness to the training photographs", None, None),
    ("pixel noise, grey levels", "pixel_noise", 2),
    ("KID", "kid_to_training", 5),
    ("nearest one, grey levels", "nearest_training_distance", 2),
    ("ratio to the photographs'", "nearest_ratio", 3),
    ("images", "images", 0),
)
NOTES = (
    "photographs: those of these maps, read by the same segmenter at the same "
    "size. What it misses there, no painted image can be blamed for.",
    "A ratio far below 1 says that training photographs are painted anew.",
    "The contact sheet, from left to right: vessel map, photograph, painted "
    "images, the vessels found in the first (found green, missed red, not "
    "asked for blue).",
)


def table(result) -> str:
    """The result as a text of 80 columns."""
    part = result["generator"]
    heads = {k: v for k, v in COLUMNS.items() if result[k]}
    lines = _wrapped(
        f"generator of {result['workdir']}: {result['maps']} vessel maps of "
        f"split {result['split']}, {result['samples']} images each at "
        f"{result['image_size']} × {result['image_size']}, σ = "
        f"{part['noise_stddev']:g}, seed {result['seed']}"
    )
    for name in ("reference_workdir", "segmenter", "features", "style"):
        if result[name]:
            lines += _wrapped(f"{name}: {result[name]}")
    lines += ["", _row("", heads.values())]
    for title, place, decimals in ROWS:
        if "style" in (place or title) and not result["style"]:
            continue
        if place is None:
            lines += ["", title]
            continue
        values = [_at(result[name], place) for name in heads]
        cells = ["-" if v is None else f"{v:.{decimals}f}" for v in values]
        lines.append(_row(f"  {title}", cells))
    lines += ["", "Diversity: what the noise changes, in grey levels"]
    for sigma in part["diversity"]:
        spreads = [_at(result[name], f"diversity/{sigma}") for name in heads]
        cells = ["-" if v is None else f"{v:.3f}" for v in spreads]
        lines.append(_row(f"  σ = {sigma}", cells))
    lines.append("")
    thick = f"Thick is a vessel from {result['thick_from_pixels']} pixels on."
    for note in (thick, *NOTES):
        lines += _wrapped(note)
    for warning in result["warnings"]:
        lines += _wrapped(f"warning: {warning}")
    return "\n".join(lines) + "\n"


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
    text = table(result)
    files.write_image(folder / result["sheet"], figures.contact_sheet(pictures))
    files.write_text(folder / "table.txt", text)
    values = json.dumps(result, indent=2, allow_nan=False, ensure_ascii=False)
    files.write_text(folder / files.METRICS, values + "\n")
    return text


def _at(part, place):
    """The figure at `a/b` of a nested dict, or None."""
    for name in place.split("/"):
        part = part and part.get(name)
    return part


def _row(title, cells):
    return f"{title:<38}{''.join(f'{cell:>14}' for cell in cells)}".rstrip()


def _wrapped(text):
    return textwrap.wrap(text, 80, subsequent_indent="  ")
