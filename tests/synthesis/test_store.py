"""Files that are whole or not there, and what killed jobs leave."""

import pytest

from migan_tf.base.errors import UserError
from migan_tf.synthesis.store import UNFINISHED, LocalStore


def test_what_was_written_is_read(tmp_path):
    store = LocalStore(tmp_path / "job")
    assert not store.exists("a/b.txt")
    store.write("a/b.txt", b"four")
    store.write("a/b.txt", b"fives")
    assert store.exists("a/b.txt")
    assert store.read("a/b.txt") == b"fives"
    assert store.size("a/b.txt") == 5
    assert (tmp_path / "job" / "a" / "b.txt").read_bytes() == b"fives"


def test_what_a_killed_job_left_is_cleared(tmp_path):
    left = tmp_path / UNFINISHED / "1+half"
    left.parent.mkdir()
    left.write_bytes(b"ha")
    store = LocalStore(tmp_path)
    store.write("whole", b"whole")
    store.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "job").write_text("a file, no folder")
    store = LocalStore(tmp_path / "job")
    for call in (
        lambda: store.write("a", b""),
        lambda: store.read("a"),
        lambda: store.size("a"),
        lambda: LocalStore(tmp_path / ("x" * 300)).exists("a"),
    ):
        with pytest.raises(UserError, match="--output must be a folder"):
            call()


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    store = LocalStore(tmp_path)
    store.write("a", b"old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError, match="No space left"):
        store.write("a", b"new")
    assert not list((tmp_path / UNFINISHED).iterdir())
    assert store.read("a") == b"old"


def test_what_is_written_others_can_read(tmp_path):
    LocalStore(tmp_path).write("a", b"")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644
