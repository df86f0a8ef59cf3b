"""The command line, as a process: help, refusals, the plan."""

import subprocess
import sys

import pytest


def call(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "migan_tf.utility", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--output is required"),
        (["--output=x", "stray"], "only --flags are taken. Received: stray"),
        (["--output=x", "--real=two"], "--real must be whole numbers"),
    ],
)
def test_wrong_flags_are_refused_in_words(arguments, words):
    result = call(*arguments)
    assert result.returncode == 2
    assert words in result.stderr and "Traceback" not in result.stderr


@pytest.mark.slow
def test_the_plan_is_printed_and_nothing_is_run(tiny_config, tmp_path):
    output = tmp_path / "out"
    result = call(
        "--dataset=phantom/demo",
        f"--data_dir={tiny_config.data_dir}",
        f"--output={output}",
        "--real=2",
        "--seeds=0",
        "--dry_run",
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("1 cells of 4 arms, 10 steps\n")
    assert not output.exists()
