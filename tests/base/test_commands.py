"""`python -m migan_tf` lists the commands and runs them from anywhere."""

import os
import pathlib
import subprocess
import sys

from migan_tf.base import commands

ROOT = pathlib.Path(__file__).resolve().parents[2]


def call(*arguments, elsewhere):
    return subprocess.run(
        [sys.executable, "-m", "migan_tf", *arguments],
        capture_output=True,
        text=True,
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
    )


def test_it_lists_each_command_with_what_it_does(tmp_path):
    done = call(elsewhere=tmp_path)
    assert done.returncode == 0 and done.stderr == ""
    rows = [line for line in done.stdout.splitlines() if "  migan-" in line]
    assert [row.split()[0] for row in rows] == [
        f"migan-{command}" for command in commands.modules()
    ]
    assert all(len(row.split()) > 3 and row.endswith(".") for row in rows)
    assert "Trains the segmenter and the generator." in done.stdout


def test_the_commands_are_the_files_that_are_run():
    files = {path.stem for path in ROOT.glob("migan_tf/*.py")}
    named = {name.replace("_", "-") for name in files if name[0] != "_"}
    assert commands.modules().keys() == named | {"client", "export", "onnx"}


def test_it_runs_a_command_from_anywhere(tmp_path):
    done = call("client", "--segment=a.png", elsewhere=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "error: --output is required. Received: ''\n"


def test_an_unknown_command_is_named(tmp_path):
    done = call("trian", "--seed=1", elsewhere=tmp_path)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "Received: 'trian'. Next: python -m migan_tf" in done.stderr
