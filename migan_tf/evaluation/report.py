"""Scores probability maps against both annotators and writes the report."""

import csv
import io
import json
import re
import textwrap

import numpy as np

from migan_tf.base import files
from migan_tf.evaluation.scored_image import (
    PROTOCOLS,
    ScoredImage,
    check,
    doubts_about,
    scored_area,
    scored_pixels,
    scored_probability,
)
from migan_tf.metrics import assessment, figures, segmentation, tally


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
      seed: seed of the draws.

    Returns:
      Dict of plain Python values; see `assessment.CONVENTIONS`.

    Raises:
      UserError: no images, no vessel map, or an unknown protocol.
    """
    check(images, protocol)
    draws = (bootstrap_samples, seed)
    firsts, seconds, human = {}, {}, []
    for image in images:
        first, second, probability = scored_pixels(image, protocol)
        firsts[image.image_id] = tally.tally(
            first, probability, validation_threshold
        )
        if second is not None:
            seconds[image.image_id] = tally.tally(
                second, probability, validation_threshold
            )
            human.append(segmentation.count(first, second))
    sizes = [one.sizes for one in firsts.values()]
    result = {
        "protocol": protocol,
        "protocol_in_words": PROTOCOLS[protocol],
        "conventions": assessment.CONVENTIONS,
        "images": len(images),
        "pixels": sum(size["pixels"] for size in sizes),
        "vessel_pixels": sum(size["vessel_pixels"] for size in sizes),
        "bootstrap": {"samples": bootstrap_samples, "seed": seed},
        **assessment.assess(firsts, validation_threshold, *draws),
        "second_annotator": None,
        "human": None,
    }
    if seconds:
        result["second_annotator"] = {
            "images": len(seconds),
            **assessment.assess(seconds, validation_threshold, *draws),
        }
        result["human"] = assessment.assess_human(human, *draws)
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
    (folder / files.METRICS).unlink(missing_ok=True)
    for image in images:
        area = scored_area(image, scores["protocol"])
        probability = scored_probability(image, scores["protocol"])
        decision = probability >= scores["thresholds"]["otsu"]
        picture = figures.overlay(
            image.fundus, image.vessel_map, decision=decision, fov_mask=area
        )
        name = re.sub(r"[^\w.+-]", "_", image.image_id)
        files.write_image(folder / "overlays" / f"{name}.png", picture)
    _write_curves(images, scores, folder)
    text_table = table(scores)
    files.write_text(folder / "per_image.csv", csv_text(scores))
    files.write_text(folder / "table.txt", text_table)
    text = json.dumps(scores, indent=2, allow_nan=False, ensure_ascii=False)
    files.write_text(folder / files.METRICS, text + "\n")
    return text_table


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


BLOCKS = (
    (
        "Dice",
        ("dice_otsu", "Otsu (headline)"),
        ("dice_validation_threshold", "from validation"),
        ("dice_best_on_test", "best on test (*)"),
    ),
    (
        "area",
        ("auc_roc", "AUC-ROC"),
        ("auc_pr", "AUC-PR"),
        ("average_precision", "average precision"),
    ),
    (
        "at Otsu",
        ("sensitivity", "sensitivity"),
        ("specificity", "specificity"),
        ("accuracy", "accuracy"),
    ),
)
FOOTNOTE = "(*) uses test labels: its threshold is chosen on these very images"


def table(scores) -> str:
    """The table of a score in 80 columns, protocol line first."""
    rows = [
        ("pooled", *_parts(scores, "pooled")),
        ("mean of images", *_parts(scores, "per_image")),
    ]
    if second := scores["second_annotator"]:
        rows.append(("2nd is truth", *_parts(second, "pooled")))
    lines = [
        *_wrapped(
            f"protocol {scores['protocol']}: {scores['protocol_in_words']}"
        ),
        f"images: {scores['images']}; pixels: {scores['pixels']:,}, of them "
        f"{scores['vessel_pixels']:,} vessel; [95 % intervals]",
    ]
    for title, *columns in BLOCKS:
        names = "".join(f"{name:<22}" for _, name in columns)
        lines += ["", f"{title:<15}{names}".rstrip()]
        for row_name, values, intervals in rows:
            cells = [
                f"{cell(values[key], intervals.get(key)):<22}"
                for key, _ in columns
            ]
            lines.append(f"{row_name:<15}{''.join(cells)}".rstrip())
        if title == "Dice" and scores["human"]:
            lines.append(_human_line(scores["human"]))
    lines += ["", FOOTNOTE]
    for warning in scores["warnings"]:
        lines += _wrapped(f"warning: {warning}")
    return "\n".join(lines) + "\n"


def csv_text(scores) -> str:
    """per_image.csv: a header and one line for each image."""
    text = io.StringIO(newline="")
    rows = scores["per_image"]["images"]
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _wrapped(text):
    return textwrap.wrap(text, 80, subsequent_indent="  ")


def _parts(scores, part):
    return scores[part], scores["interval_95"][part]


def _human_line(human):
    interval = human["interval_95"]["pooled"].get("dice")
    return (
        f"{'2nd vs 1st':<15}{cell(human['dice'], interval):<22}"
        f"the human: sensitivity {human['sensitivity']:.3f}, "
        f"spec. {human['specificity']:.3f}"
    )


def cell(value, interval, absent="none given") -> str:
    """A figure and its interval.

    Args:
      value: float, or None.
      interval: (low, high), or None.
      absent: what stands for a value that is None.
    """
    if value is None:
        return absent
    if not interval:
        return f"{value:.4f}"
    return f"{value:.4f} [{interval[0]:.3f}, {interval[1]:.3f}]"
