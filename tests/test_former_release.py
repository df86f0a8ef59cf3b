"""A run and a flagfile of the release before the folders go on as they are.

`former_release/` was made by commit 60a28d1: its flagfile, the run that it
trained for two steps (without pictures and TensorBoard files), and, in
expected.json, what that release itself made of two more steps and of the test
photographs:

  python -m migan_tf.train --flagfile=former.flags --workdir=run
  python -m migan_tf.evaluate --workdir=run --bootstrap_samples=0
  python -m migan_tf.train --flagfile=former.flags --workdir=run \
      --segmentation_steps=4 --synthesis_steps=4
"""

import json
import pathlib
import shutil
import subprocess
import sys

import pytest

from migan_tf.evaluation import evaluate_run
from migan_tf.evaluation.flags import Settings

FORMER = pathlib.Path(__file__).parent / "former_release"
EXPECTED = json.loads((FORMER / "expected.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The former run, evaluated and then trained on by this release."""
    folder = tmp_path_factory.mktemp("former") / "run"
    shutil.copytree(FORMER / "run", folder)
    data_dir = str(folder.parent / "data")
    evaluate_run.evaluate(
        Settings(workdir=str(folder), data_dir=data_dir, bootstrap_samples=0)
    )
    done = subprocess.run(
        [
            *(sys.executable, "-m", "migan_tf.train"),
            f"--flagfile={FORMER / 'former.flags'}",
            *(f"--workdir={folder}", f"--data_dir={data_dir}"),
            *("--segmentation_steps=4", "--synthesis_steps=4"),
        ],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_the_former_run_is_evaluated_as_before(run):
    scores = json.loads((run / "evaluation/test/metrics.json").read_text())
    assert scores["pooled"] == pytest.approx(EXPECTED["test"], abs=2e-4)


@pytest.mark.slow
@pytest.mark.parametrize("task", ["segmentation", "synthesis"])
def test_the_former_run_is_trained_on_as_before(run, task):
    lines = (run / task / "metrics.jsonl").read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if row["step"] > 2]
    assert len(rows) == len(EXPECTED[task])
    for row, expected in zip(rows, EXPECTED[task], strict=True):
        row.pop("images_per_second", None)
        # The one word that is spelled in another way since.
        former = {
            name.replace("centerline", "centreline"): value
            for name, value in expected.items()
        }
        assert row == pytest.approx(former, rel=1e-3, abs=1e-4)
    starts = json.loads((run / task / "run.json").read_text())["starts"]
    assert len(starts) == 2 and starts[0]["commit"].startswith("60a28d1")
