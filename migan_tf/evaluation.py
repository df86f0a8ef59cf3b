"""Scores probability maps against both annotators and writes the report."""

import json
import re

import numpy as np

from migan_tf import assessment, figures, files, score_table
from migan_tf.scored_image import (
    PROTOCOLS,
    ScoredImage,
    check,
    doubts_about,
    scored_area,
    scored_pixels,
    scored_probability,
)


def score(
    images: list[ScoredImage],
    protocol="paper",
    validation_threshold=None,
    bootstrap_samples=1000,
    seed=0,
) -> dict:
    """What metrics.json holds.

    Args:
      images: `ScoredImage`s with vessel maps.
      protocol: a key of `PROTOCOLS`.
      validation_threshold: probability in [0,1] chosen on validation images,
        or None.
      bootstrap_samples: draws of images for the intervals; 0 for none.
      seed: of the draws.

    Returns:
      Dict of plain Python values; see `assessment.CONVENTIONS`.

    Raises:
      UserError: no images, no vessel map, or an unknown protocol.
    """
    check(images, protocol)
    settings = (bootstrap_samples, seed)
    pixels = [scored_pixels(image, protocol) for image in images]
    firsts, seconds, annotators = {}, {}, {}
    for image, (first, second, probability) in zip(images, pixels, strict=True):
        firsts[image.image_id] = first, probability
        if second is not None:
            seconds[image.image_id] = second, probability
            annotators[image.image_id] = first, second
    result = {
        "protocol": protocol,
        "protocol_in_words": PROTOCOLS[protocol],
        "conventions": assessment.CONVENTIONS,
        "images": len(images),
        "pixels": sum(first.size for first, _, _ in pixels),
        "vessel_pixels": sum(int(first.sum()) for first, _, _ in pixels),
        "bootstrap": {"samples": bootstrap_samples, "seed": seed},
        **assessment.assess(firsts, validation_threshold, *settings),
        "second_annotator": None,
        "human": None,
    }
    if seconds:
        result["second_annotator"] = {
            "images": len(seconds),
            **assessment.assess(seconds, validation_threshold, *settings),
        }
        result["human"] = assessment.assess_human(annotators, *settings)
    result["warnings"] = doubts_about(images, result)
    return result


def write_report(images, scores, output_dir) -> str:
    """Writes everything and returns the table.

    Writes curves, overlays/<image_id>.png at the pooled Otsu threshold,
    per_image.csv, table.txt and, last, metrics.json: where it is, the report
    is complete.

    Args:
      images: the `ScoredImage`s.
      scores: from `score`.
      output_dir: folder; made.
    """
    folder = files.make_output(output_dir)
    files.make_output(folder / "overlays")
    # An older one would stand for a report that is half replaced.
    (folder / "metrics.json").unlink(missing_ok=True)
    for image in images:
        area = scored_area(image, scores["protocol"])
        probability = scored_probability(image, scores["protocol"])
        decision = probability >= scores["thresholds"]["otsu"]
        picture = figures.overlay(
            image.fundus, image.vessel_map, decision, area
        )
        name = re.sub(r"[^\w.+-]", "_", image.image_id)
        files.write_image(folder / "overlays" / f"{name}.png", picture)
    _write_curves(images, scores, folder)
    table = score_table.table(scores)
    files.write_text(folder / "per_image.csv", score_table.csv_text(scores))
    files.write_text(folder / "table.txt", table)
    text = json.dumps(scores, indent=2, allow_nan=False, ensure_ascii=False)
    files.write_text(folder / "metrics.json", text + "\n")
    return table


def _write_curves(images, scores, folder):
    pixels = [scored_pixels(image, scores["protocol"]) for image in images]
    references = {"first": (0, scores)}
    if scores["second_annotator"]:
        references["second"] = (1, scores["second_annotator"])
    note = f"protocol {scores['protocol']}: {scores['protocol_in_words']}"
    for name, draw, key in (
        ("roc_curve", figures.roc_figure, "auc_roc"),
        ("precision_recall_curve", figures.precision_recall_figure, "auc_pr"),
    ):
        curves = {}
        for annotator, (place, part) in references.items():
            pairs = [(p[place], p[2]) for p in pixels if p[place] is not None]
            legend = f"against the {annotator} annotator: "
            curves[legend + f"{part['pooled'][key]:.4f}"] = tuple(
                map(np.concatenate, zip(*pairs, strict=True))
            )
        picture = figures.picture_of(draw(curves, scores["human"], note))
        files.write_image(folder / f"{name}.png", picture)
