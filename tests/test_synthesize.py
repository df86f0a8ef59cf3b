"""`python -m migan_tf.synthesize` refuses what it cannot do, in words.

A whole call is in test_train.py, what it computes in test_own_images.py.
"""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "arguments, words",
    [
        (
            ["--workdir=a", "--model=b", "--vessel_maps=m", "--output=o"],
            "give either --workdir",
        ),
        (["--workdir=a", "--output=o"], "--vessel_maps is required"),
        (["--vessel_maps=m", "--output="], "--output is required"),
        (["x", "--workdir=a"], "only --flags are taken"),
        (
            ["--vessel_maps=m", "--count=9", "--format=tfrecord"],
            "--vessel_source must be given with --count, --format",
        ),
        (
            ["--vessel_source=deformed", "--samples=2"],
            "--samples goes without --vessel_source",
        ),
        (
            ["--workdir=a", "--vessel_maps=m", "--output=o"],
            "no synthesis/run.json",
        ),
        (
            ["--vessel_source=folder", "--output=o"],
            "--vessel_maps goes with --vessel_source=folder",
        ),
        (
            ["--vessel_source=deformed", "--workdir=a", "--output=o"],
            "no synthesis/run.json",
        ),
    ],
)
def test_wrong_calls_are_refused_in_words(arguments, words):
    result = subprocess.run(
        [sys.executable, "-m", "migan_tf.synthesize", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 2
    assert words in result.stderr and "Traceback" not in result.stderr
