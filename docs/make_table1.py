"""Prints Table 1 as it was measured: five discriminators on one dataset.

  python docs/make_table1.py --runs=runs/table1 --dataset=drive

Reads runs/table1/<dataset>_<discriminator>[_seed<n>]/evaluation/test, as
`migan_tf.train` and `migan_tf.evaluate` leave them, and prints Markdown. A row
has the mean over the seeds with the 95 % interval of the first seed. Its last
column compares it with `none`, image by image and after the mean over the
seeds: the mean difference, and the p of an exact sign-flip test.
"""

import json
import pathlib

import numpy as np
from absl import flags

from migan_tf.base import command_line
from migan_tf.base.config import DISCRIMINATORS
from migan_tf.base.errors import UserError
from migan_tf.evaluation import report as evaluation_report
from migan_tf.metrics import paired_test

FIGURES = ("auc_roc", "auc_pr", "dice_otsu")

_RUNS = flags.DEFINE_string("runs", "", "Folder of the runs.")
_DATASET = flags.DEFINE_string(
    "dataset", "drive", "Dataset of the runs, drive or stare."
)


def reports(runs, name):
    """Reads the metrics.json of all seeds of one variant, by run name."""
    paths = sorted(
        pathlib.Path(runs).glob(f"{name}*/evaluation/test/metrics.json")
    )
    found = [
        path
        for path in paths
        if path.parts[-4] == name or path.parts[-4].startswith(f"{name}_seed")
    ]
    if not found:
        raise UserError(
            f"--runs must hold {name}, trained and scored. Received: {runs}. "
            "Next: python -m migan_tf.train --flagfile=experiments/table1/"
            f"{name}.flags --workdir={runs}/{name} …, and then python -m "
            f"migan_tf.evaluate --workdir={runs}/{name}"
        )
    return [json.loads(path.read_text("utf-8")) for path in found]


def by_image(found, figure):
    """Returns one figure of each image, (images,), the mean over the seeds."""
    rows = [report["per_image"]["images"] for report in found]
    return np.mean([[row[figure] for row in seed] for seed in rows], axis=0)


def cell(found, figure) -> str:
    """Writes the mean over the seeds and the interval of the first seed."""
    mean = np.mean([report["pooled"][figure] for report in found])
    return evaluation_report.cell(
        mean, found[0]["interval_95"]["pooled"][figure]
    )


def against(found, none) -> str:
    """Writes the paired difference of AUC-PR to the runs without D."""
    differences = by_image(found, "auc_pr") - by_image(none, "auc_pr")
    p = paired_test.sign_flip_p(differences)
    return f"{differences.mean():+.4f}, p = {p:.2g}"


def main(argv):
    """Checks the flags and prints."""
    command_line.no_arguments(argv)
    command_line.required(runs=_RUNS.value, dataset=_DATASET.value)
    variants = {
        kind: reports(_RUNS.value, f"{_DATASET.value}_{kind}")
        for kind in DISCRIMINATORS
    }
    names = "AUC-ROC", "AUC-PR", "Dice, Otsu", "AUC-PR by image, to none"
    print(f"| discriminator | seeds | {' | '.join(names)} |")
    print("|" + "---|" * (len(names) + 2))
    for kind, found in variants.items():
        cells = [cell(found, figure) for figure in FIGURES]
        last = "" if kind == "none" else against(found, variants["none"])
        print(f"| {kind} | {len(found)} | {' | '.join(cells)} | {last} |")


if __name__ == "__main__":
    command_line.run(main)
