"""Files that are whole or not there, and what killed jobs leave."""

import pytest

from migan_tf import synthetic_store
from migan_tf.errors import UserError
from migan_tf.synthetic_store import LocalStore


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
    left = tmp_path / synthetic_store.UNFINISHED / "1+half"
    left.parent.mkdir()
    left.write_bytes(b"ha")
    store = LocalStore(tmp_path)
    store.write("whole", b"whole")
    store.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "job").write_text("a file, no folder")
    with pytest.raises(UserError, match="--output.*could not be written"):
        LocalStore(tmp_path / "job").write("a", b"")
