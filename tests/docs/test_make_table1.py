"""The table of `docs/make_table1.py`, in a process of its own."""

import json

import pytest

from tests.docs.docs_scripts import run

SCRIPT = "make_table1.py"


def write_report(folder, shift):
    names = ("auc_roc", "auc_pr", "dice_otsu")
    images = [{n: 0.8 + 0.01 * i + shift for n in names} for i in range(4)]
    report = {
        "pooled": dict.fromkeys(names, 0.9 + shift),
        "interval_95": {"pooled": dict.fromkeys(names, [0.88, 0.92])},
        "per_image": {"images": images},
    }
    path = folder / "evaluation" / "test" / "metrics.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(report))


@pytest.mark.slow
def test_seeds_are_averaged_before_the_test(tmp_path):
    for kind in ("none", "pixel", "patch10", "patch80"):
        write_report(tmp_path / f"drive_{kind}", 0.0)
    flag = f"--runs={tmp_path}"
    done = run(SCRIPT, flag)
    assert done.returncode == 2 and "must hold drive_image" in done.stderr
    write_report(tmp_path / "drive_image", 0.03)
    write_report(tmp_path / "drive_image_seed1", 0.01)
    done = run(SCRIPT, flag)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 7
    none, image = lines[2], lines[-1]
    value = "0.9000 [0.880, 0.920]"
    assert none == f"| none | 1 | {value} | {value} | {value} |  |"
    # All four images differ by 0.02: two of sixteen patterns are as far.
    value = "0.9200 [0.880, 0.920]"
    last = "+0.0200, p = 0.12"
    assert image == f"| image | 2 | {value} | {value} | {value} | {last} |"
