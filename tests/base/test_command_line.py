"""What a command line ends with: exit status, message, no traceback."""

import os
import subprocess
import sys

import pytest

from migan_tf.base import command_line
from migan_tf.base.errors import UserError

PROGRAM = """
import sys
from absl import flags
from migan_tf.base import command_line
from migan_tf.base.errors import UserError

flags.DEFINE_integer("size", 1, "A size.")


def main(argv):
    command_line.no_arguments(argv)
    print("size", flags.FLAGS.size)
    {body}


if __name__ == "__main__":
    command_line.run(main)
"""


def run(body, *arguments):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("body", "status"), [("pass", 0), ("return 0", 0), ("return 143", 143)]
)
def test_exit_status_is_what_main_returns(body, status):
    done = run(body, "--size=3")
    assert done.returncode == status
    assert done.stdout == "size 3\n" and done.stderr == ""


def test_a_user_error_is_one_message():
    done = run("raise UserError('--size is wrong. Received: 3')")
    assert done.returncode == 2
    assert done.stderr == "error: --size is wrong. Received: 3\n"


def test_ctrl_c_is_no_traceback():
    done = run("raise KeyboardInterrupt")
    assert done.returncode == 130 and done.stderr == "interrupted\n"


def test_a_bug_keeps_its_traceback():
    done = run("raise ValueError('a bug')")
    assert done.returncode == 1
    assert "Traceback" in done.stderr and "ValueError: a bug" in done.stderr


def test_what_is_not_a_flag_is_named():
    done = run("pass", "data", "--size=3")
    assert done.returncode == 2 and done.stdout == ""
    assert "Received: data" in done.stderr and "--help" in done.stderr


def test_an_unknown_flag_is_named():
    done = run("pass", "--sise=3")
    assert done.returncode != 0
    assert "sise" in done.stderr and "Traceback" not in done.stderr


def test_no_arguments():
    command_line.no_arguments(["program"])
    with pytest.raises(UserError, match="Received: a b"):
        command_line.no_arguments(["program", "a", "b"])


def test_required():
    command_line.required(output="out", samples=3)
    with pytest.raises(UserError, match="--output is required. Received: ''"):
        command_line.required(samples=3, output="")


@pytest.mark.parametrize(
    "segmenter, generator, wide, onednn",
    [
        ("unet", "migan", False, "1"),
        ("migan", "migan", False, "0"),
        ("migan", "delta", False, "1"),
        ("unet", "migan", True, "1"),
        ("migan", "migan", True, "1"),
    ],
)
def test_networks_and_processor_choose_the_cpu_kernels(
    monkeypatch, segmenter, generator, wide, onednn
):
    name = "TF_ENABLE_ONEDNN_OPTS"
    monkeypatch.setattr(command_line, "has_avx512", lambda: wide)
    # Set first, so that monkeypatch knows what to put back.
    monkeypatch.setenv(name, "")
    monkeypatch.delenv(name)
    command_line.choose_kernels(segmenter, generator)
    assert os.environ[name] == onednn
    monkeypatch.setenv(name, "of the user")
    command_line.choose_kernels(segmenter, generator)
    assert os.environ[name] == "of the user"


def test_the_processor_says_whether_it_has_avx512(tmp_path):
    file = tmp_path / "cpuinfo"
    assert not command_line.has_avx512(file)
    file.write_text("processor\t: 0\nflags\t\t: fpu sse2 avx avx2 fma\n")
    assert not command_line.has_avx512(file)
    file.write_text("flags\t\t: fpu avx2 avx512f avx512dq\n")
    assert command_line.has_avx512(file)


@pytest.mark.parametrize("module", ["migan_tf.segment", "export.client"])
def test_ctrl_c_during_the_imports_of_a_command(module, tmp_path):
    """A module that sends it stands in for one that takes long to import."""
    (tmp_path / "absl.py").write_text("raise KeyboardInterrupt")
    done = subprocess.run(
        [sys.executable, "-m", module],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        timeout=60,
    )
    assert done.returncode == 130 and done.stderr == "interrupted\n"
