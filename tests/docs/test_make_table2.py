"""The rows of `docs/make_table2.py`, in a process of its own."""

import json

from tests.docs.docs_scripts import run

SCRIPT = "make_table2.py"
AREAS = "0.9812 [0.979, 0.984] | 0.9151 [0.909, 0.922]"


def write_report(folder, threshold, human):
    pooled = {
        "auc_roc": 0.98121,
        "auc_pr": 0.91511,
        "dice_otsu": 0.82853,
        "dice_validation_threshold": threshold,
        "dice_best_on_test": 0.82874,
    }
    intervals = {name: [0.8234, 0.8346] for name in pooled}
    intervals |= {"auc_roc": [0.979, 0.984], "auc_pr": [0.909, 0.922]}
    report = {
        "pooled": pooled,
        "interval_95": {"pooled": intervals},
        "human": human,
    }
    folder.mkdir()
    (folder / "metrics.json").write_text(json.dumps(report))


def test_a_row_for_each_report_and_one_for_the_human(tmp_path):
    human = {
        "dice": 0.78906,
        "interval_95": {"pooled": {"dice": [0.7804, 0.7974]}},
    }
    write_report(tmp_path / "ours", 0.82181, human)
    write_report(tmp_path / "others", None, None)
    done = run(
        SCRIPT,
        f"--scores=others={tmp_path / 'others'}",
        f"--scores=ours={tmp_path / 'ours'}",
    )
    assert done.returncode == 0, done.stderr
    dice = "[0.823, 0.835]"
    assert done.stdout.splitlines()[2:] == [
        f"| others | {AREAS} | 0.8285 {dice} |  | 0.8287 {dice} |",
        f"| ours | {AREAS} | 0.8285 {dice} | 0.8218 {dice} | 0.8287 {dice} |",
        "| second annotator |  |  | 0.7891 [0.780, 0.797] |  |  |",
    ]


def test_what_is_no_report_is_refused(tmp_path):
    done = run(SCRIPT, f"--scores=ours={tmp_path}")
    assert done.returncode == 2
    assert "--scores must be NAME=FOLDER" in done.stderr
