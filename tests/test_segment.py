"""`python -m migan_tf.segment` refuses what it cannot do, in words.

A whole call is in test_train.py, what it computes in test_own_images.py.
"""

import subprocess
import sys

import pytest


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
