"""Scores probability maps against both annotators and writes the report."""

import csv
import io
import json
import re
import textwrap

from migan_tf.base import files
from migan_tf.evaluation import tallies as image_tallies
from migan_tf.evaluation.scored_image import (
    PROTOCOLS,
    doubts_about_ranking,
    scored_area,
    scored_probability,
)
from migan_tf.metrics import assessment, figures


def score(
    images,
    protocol="paper",
    validation_threshold=None,
    bootstrap_samples=1000,
    seed=0,
) -> dict:
    """What metrics.json holds of images, of which one is looked at a time.

    Args:
      images: iterable of `ScoredImage`s with vessel maps.
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
    found = image_tallies.of(images, protocol, validation_threshold)
    return scores_of(found, bootstrap_samples, seed)


def scores_of(tallies, bootstrap_samples=1000, seed=0) -> dict:
    """What metrics.json holds, of `tallies.Tallies`; see `score`."""
    threshold = tallies.validation_threshold
    draws = (bootstrap_samples, seed)
    sizes = [one.sizes for one in tallies.firsts.values()]
    result = {
        "protocol": tallies.protocol,
        "protocol_in_words": PROTOCOLS[tallies.protocol],
        "conventions": assessment.CONVENTIONS,
        "images": len(sizes),
        "pixels": sum(size["pixels"] for size in sizes),
        "vessel_pixels": sum(size["vessel_pixels"] for size in sizes),
        "bootstrap": {"samples": bootstrap_samples, "seed": seed},
        **assessment.assess(tallies.firsts, threshold, *draws),
        "second_annotator": None,
        "human": None,
    }
    if tallies.seconds:
        result["second_annotator"] = {
            "images": len(tallies.seconds),
            **assessment.assess(tallies.seconds, threshold, *draws),
        }
        result["human"] = assessment.assess_human(tallies.human, *draws)
    result["warnings"] = [
        *tallies.doubts,
        *doubts_about_ranking(result["pooled"]["auc_roc"]),
    ]
    return result


def write_report(images, scores, curves, output_dir) -> str:
    """Writes everything and returns the table.

    Writes curves, overlays/<image_id>.png at the pooled Otsu threshold,
    per_image.csv, table.txt and, last, metrics.json: where it is, the report
    is complete.

    Args:
      images: iterable of the `ScoredImage`s.
      scores: from `scores_of`.
      curves: from `tallies.Tallies.curves`.
      output_dir: folder; made.
    """
    folder = files.make_output(output_dir)
    files.make_output(folder / "overlays")
    # An older one would stand for a report that is half replaced.
    (folder / files.METRICS).unlink(missing_ok=True)
    for image in images:
        _write_overlay(image, scores, folder / "overlays")
    _write_curves(curves, scores, folder)
    text_table = table(scores)
    files.write_text(folder / "per_image.csv", csv_text(scores))
    files.write_text(folder / "table.txt", text_table)
    text = json.dumps(scores, indent=2, allow_nan=False, ensure_ascii=False)
    files.write_text(folder / files.METRICS, text + "\n")
    return text_table


def _write_overlay(image, scores, folder):
    area = scored_area(image, scores["protocol"])
    probability = scored_probability(image, scores["protocol"])
    decision = probability >= scores["thresholds"]["otsu"]
    picture = figures.overlay(
        image.fundus, image.vessel_map, decision=decision, fov_mask=area
    )
    name = re.sub(r"[^\w.+-]", "_", image.image_id)
    files.write_image(folder / f"{name}.png", picture)


def _write_curves(curves, scores, folder):
    parts = {"first": scores, "second": scores["second_annotator"]}
    note = f"protocol {scores['protocol']}: {scores['protocol_in_words']}"
    for name, draw, key in (
        ("roc_curve", figures.roc_figure, "auc_roc"),
        ("precision_recall_curve", figures.precision_recall_figure, "auc_pr"),
    ):
        lines = {
            f"against the {annotator} annotator: "
            f"{parts[annotator]['pooled'][key]:.4f}": one.curve
            for annotator, one in curves.items()
        }
        picture = figures.picture_of(draw(lines, scores["human"], note))
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
