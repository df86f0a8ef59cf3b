"""The doctor as a process: what it prints and how it ends."""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]


def doctor(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "migan_tf.doctor", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_a_buildable_folder():
    done = doctor("--manual_dir=datasets/drive/dummy_data")
    assert done.returncode == 0
    assert "complete: test/2nd_manual/: 20 files" in done.stdout
    assert done.stdout.splitlines()[-2:] == [
        "verdict: drive can be built",
        "next: python -m migan_tf.train --flagfile=experiments/drive.flags "
        "--manual_dir=datasets/drive/dummy_data --workdir=runs/drive",
    ]


@pytest.mark.parametrize(
    ("folder", "said"),
    [("docs", "nothing can be built"), ("absent", "folder that exists")],
)
def test_a_folder_of_no_use(folder, said, tmp_path):
    (tmp_path / "docs").mkdir()
    done = doctor(f"--manual_dir={tmp_path / folder}")
    assert done.returncode == 2
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
