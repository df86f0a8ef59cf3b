r"""Prints the rows of Table 2 that `migan_tf.evaluate` has measured.

  python docs/make_table2.py --scores="this program=scores/drive_on_drive" \
      --scores="DRIU=scores/driu_drive"

Each NAME=FOLDER is a report that `migan_tf.evaluate` wrote of one test set. It
gives a row of Markdown with pooled figures and their 95 % intervals. The second
annotator's row comes last, from the first report that has one.
"""

import json
import pathlib

from absl import flags

from migan_tf.base import command_line
from migan_tf.base.errors import UserError
from migan_tf.evaluation import report as evaluation_report

COLUMNS = {
    "auc_roc": "AUC-ROC",
    "auc_pr": "AUC-PR",
    "dice_otsu": "Dice, Otsu",
    "dice_validation_threshold": "Dice, validation threshold",
    "dice_best_on_test": "Dice, best on test (*)",
}

_SCORES = flags.DEFINE_multi_string(
    "scores",
    [],
    "NAME=FOLDER of a report of migan_tf.evaluate; may be repeated.",
)


def read(value):
    """Reads (name, report) of one NAME=FOLDER."""
    name, _, folder = value.partition("=")
    path = pathlib.Path(folder) / "metrics.json"
    try:
        report = json.loads(path.read_text("utf-8"))
        report["pooled"]["dice_otsu"]
    except (OSError, ValueError, KeyError):
        raise UserError(
            "--scores must be NAME=FOLDER of a segmenter's report. Received: "
            f"{value}. Next: python -m migan_tf.evaluate --output={folder} …"
        ) from None
    return name, report


def row(name, figures, intervals) -> str:
    """Writes one line of Markdown."""
    cells = [
        evaluation_report.cell(figures.get(k), intervals.get(k), absent="")
        for k in COLUMNS
    ]
    return f"| {' | '.join([name, *cells])} |"


def main(argv):
    """Checks the flags and prints."""
    command_line.no_arguments(argv)
    command_line.required(scores=_SCORES.value)
    found = [read(value) for value in _SCORES.value]
    print(f"| method | {' | '.join(COLUMNS.values())} |")
    print("|" + "---|" * (len(COLUMNS) + 1))
    for name, report in found:
        print(row(name, report["pooled"], report["interval_95"]["pooled"]))
    for _, report in found:
        if human := report.get("human"):
            interval = human["interval_95"]["pooled"]["dice"]
            figures = {"dice_otsu": human["dice"]}
            print(row("second annotator", figures, {"dice_otsu": interval}))
            break


if __name__ == "__main__":
    command_line.run(main)
