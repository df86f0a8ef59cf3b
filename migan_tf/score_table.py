"""A score as text: the table that is printed, and one row for each image."""

import csv
import io
import textwrap

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
