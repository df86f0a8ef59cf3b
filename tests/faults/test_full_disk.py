"""A disk without room: a sentence that names the file, and nothing half done.

The limit of a file's size stands for it: the system refuses the write as it
does on a full disk.
"""

import errno
import os
import pathlib
import resource
import subprocess
import sys

import numpy as np
import pytest

from migan_tf.base import command_line, files
from migan_tf.base.errors import UserError

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMITED = """
import resource, runpy, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
sys.argv = sys.argv[2:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def run_limited(limit, module, *arguments):
    """A command whose files may have so many bytes."""
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), module, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
    )


@pytest.fixture
def no_room():
    """Lets no file of this process grow beyond 100 bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("write", ["image", "text"])
def test_what_finds_no_room_leaves_the_old_file(write, tmp_path, no_room):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    noise = np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8)
    with pytest.raises(OSError) as caught:
        if write == "image":
            files.write_image(path, noise)
        else:
            files.write_text(path, "x" * 999)
    assert caught.value.errno == errno.EFBIG
    assert caught.value.filename == str(path)  # and not a temporary one
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["a.png"]


def test_no_room_is_told_in_words(tmp_path, capsys):
    def full():
        with files.atomic_path(tmp_path / "a.csv"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert command_line.guarded(full) == command_line.EXIT_BAD_INPUT
    told = capsys.readouterr().err
    assert f"{tmp_path / 'a.csv'} could not be" in told
    assert "No space left on device. Next: make room" in told


def test_other_errors_of_the_system_stay_what_they_are():
    def ours():
        raise OSError(errno.EBADF, "ours")

    with pytest.raises(OSError, match="ours"):
        command_line.guarded(ours)


@pytest.mark.slow
def test_a_table_that_finds_no_room_is_named(tmp_path):
    vessel_map = np.zeros((64, 64), np.uint8)
    vessel_map[30:33] = 255
    files.write_image(tmp_path / "map.png", vessel_map)
    output = tmp_path / "out" / "m.csv"
    result = run_limited(
        200, "migan_tf.measure", str(tmp_path / "map.png"), f"--output={output}"
    )
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert f"{output} could not be" in result.stderr
    assert os.listdir(output.parent) == []


@pytest.mark.slow
@pytest.mark.parametrize("command", ["segment", "synthesize"])
def test_pictures_that_find_no_room_are_named(command, tiny_run, tmp_path):
    from migan_tf.phantom.retina import phantom_retina

    eye = phantom_retina(96, 96, 1)
    picture = tmp_path / "eye.png"
    if command == "segment":
        files.write_image(picture, eye.fundus)
        arguments = [str(picture)]
    else:
        files.write_image(picture, eye.vessel_map)
        arguments = [f"--vessel_maps={picture}"]
    output = tmp_path / "out"
    result = run_limited(
        400,
        f"migan_tf.{command}",
        *arguments,
        f"--workdir={tiny_run}",
        f"--output={output}",
    )
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert f"{output}/eye_" in result.stderr
    assert not [p for p in output.iterdir() if p.name.startswith(".")]


@pytest.mark.slow
def test_a_dataset_that_finds_no_room_is_not_built(tmp_path):
    """TFDS hides what the disk says behind an error of its own."""
    program = (
        "import resource; limit = (30_000, 30_000)\n"
        "from migan_tf.base import command_line\n"
        "from migan_tf.data import prepared\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, limit)\n"
        "raise SystemExit(command_line.guarded("
        f"prepared.ensure_prepared, 'phantom/demo', {str(tmp_path)!r}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
    )
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert "phantom/demo could not be built" in result.stderr
    assert "Next: make room" in result.stderr
    assert not list(tmp_path.rglob("*tfrecord*"))


def test_an_output_is_looked_at_before_the_work(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    for output in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match="--output must be a folder.*Next"):
            files.check_output(output)
        with pytest.raises(UserError, match="--output must be a f"):
            files.make_output(output)
    with pytest.raises(UserError, match="--output must be a file"):
        files.check_output(tmp_path, a_file=True)
    files.check_output(tmp_path / "new" / "folder")
    files.check_output(tmp_path / "new" / "file.csv", a_file=True)
    assert os.listdir(tmp_path) == ["file"]  # Nothing is made by looking.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(files.tempfile, "TemporaryFile", _read_only)
    for output in ("vessels", tmp_path / "new"):
        with pytest.raises(
            UserError, match="--output must be a folder.*Read-o"
        ):
            files.check_output(output)


def _read_only(dir):
    raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(dir))
