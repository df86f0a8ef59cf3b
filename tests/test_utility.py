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
        (["--output=x", "--tstr", "--multiples=1"], "--tstr has no arms"),
        (
            ["--output=x", "--generator_model=none"],
            "--generator_model must be a SavedModel",
        ),
    ],
)
def test_wrong_flags_are_refused_in_words(arguments, words):
    result = call(*arguments)
    assert result.returncode == 2
    assert words in result.stderr and "Traceback" not in result.stderr


def test_help_says_what_tstr_is():
    text = " ".join(call("--help").stdout.split())
    assert "TSTR (train on synthetic, test on real): with --tstr" in text
    assert "--[no]tstr: TSTR, train on synthetic, test on real" in text


@pytest.mark.slow
def test_the_plan_of_tstr_names_the_given_generator(
    tiny_config, tiny_run, tmp_path
):
    result = call(
        "--tstr",
        "--dataset=phantom/demo",
        f"--data_dir={tiny_config.data_dir}",
        f"--generator_model={tiny_run}",
        f"--output={tmp_path / 'out'}",
        "--real=2",
        "--seeds=0",
        "--dry_run",
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("1 cells of 2 arms, 5 steps\n")
    assert f"--model={tiny_run / 'synthesis'} " in result.stdout
    assert "--task=synthesis" not in result.stdout
    assert "does not count among its n: n = 2, seed 0: 9 (" in result.stderr


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
