"""Files that are either whole or not there."""

import os
import stat

import pytest

from migan_tf.base import files
from migan_tf.base.errors import UserError


def test_text_is_written_and_folders_are_made(tmp_path):
    path = tmp_path / "new" / "folder" / "run.flags"
    files.write_text(path, "σ=1\n")
    assert path.read_bytes() == "σ=1\n".encode()
    files.write_text(str(path), "")
    assert path.read_bytes() == b""
    assert os.listdir(path.parent) == ["run.flags"]


def test_others_may_read_it(tmp_path):
    path = tmp_path / "metrics.json"
    files.write_text(path, "{}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("best.weights.h5", ".weights.h5"), ("a.png", ".png"), ("plain", "")],
)
def test_temporary_path_lies_beside_with_the_same_suffixes(
    tmp_path, name, suffix
):
    with files.atomic_path(tmp_path / name) as temporary:
        assert temporary.parent == tmp_path and temporary.name != name
        assert "".join(temporary.suffixes) == suffix
        # Hidden: a half-written file is not taken for a result.
        assert temporary.name.startswith(".")
        assert not (tmp_path / name).exists()
        temporary.write_text("x")
    assert (tmp_path / name).read_text() == "x"


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, ValueError])
def test_after_an_error_the_old_file_stays(tmp_path, error):
    path = tmp_path / "run.json"
    path.write_text("old")
    with pytest.raises(error), files.atomic_path(path) as temporary:
        temporary.write_text("half of the n")
        raise error
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["run.json"]


def test_after_an_error_there_is_no_new_file(tmp_path):
    with pytest.raises(OSError), files.atomic_path(tmp_path / "a"):
        raise OSError
    assert os.listdir(tmp_path) == []


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "run.json"
    path.write_text("old")
    with path.open() as reader:
        with files.atomic_path(path) as temporary:
            temporary.write_text("new")
            assert path.read_text() == "old"
        assert reader.read() == "old" and path.read_text() == "new"


def test_an_output_is_made_with_its_parents(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for _ in "ab":
        assert files.make_output("~/a/b") == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()


def test_an_output_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "taken").write_text("x")
    with pytest.raises(UserError, match="--output must be a folder"):
        files.make_output(tmp_path / "taken")


def test_the_temporary_file_may_lie_elsewhere(tmp_path):
    path, elsewhere = tmp_path / "a" / "b.png", tmp_path / "c"
    with files.atomic_path(path, elsewhere) as temporary:
        assert temporary.parent == elsewhere
        assert not list(path.parent.iterdir())
        temporary.write_text("x")
    assert path.read_text() == "x" and not list(elsewhere.iterdir())
