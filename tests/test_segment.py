"""`python -m migan_tf.segment` refuses what it cannot do, in words.

A whole call is in test_train.py, what it computes in test_own_images.py.
"""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    "arguments, words",
    [
        (
            ["photo.png", "--workdir=a", "--model=b", "--output=o"],
            "give either --workdir",
        ),
        (["photo.png", "--output="], "--output is required"),
        (["--workdir=a"], "give photographs or folders"),
        (
            ["photo.png", "--workdir=a", "--output=o"],
            "no segmentation/run.json",
        ),
    ],
)
def test_wrong_calls_are_refused_in_words(arguments, words):
    result = subprocess.run(
        [sys.executable, "-m", "migan_tf.segment", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 2
    assert words in result.stderr and "Traceback" not in result.stderr


@pytest.mark.slow
def test_sub_folders_are_searched_where_that_is_asked_for(served, tmp_path):
    """A photograph that is none, so that the search alone is seen."""
    (tmp_path / "in" / "left").mkdir(parents=True)
    (tmp_path / "in" / "left" / "eye.png").write_bytes(b"torn")
    results = [
        subprocess.run(
            [
                *(sys.executable, "-m", "migan_tf.segment", "in"),
                *(f"--model={served['segmentation']}", "--output=out"),
                *more,
            ],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=300,
        )
        for more in ([], ["--recursive"])
    ]
    assert [result.returncode for result in results] == [2, 1]
    assert "Next: --recursive" in results[0].stderr
    assert "will be skipped: in/left/eye.png is not" in results[1].stderr
    assert "0 of 1 done" in results[1].stdout
