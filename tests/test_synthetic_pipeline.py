"""A Beam pipeline makes what the plain command makes, to the byte."""

import pytest

pytest.importorskip("apache_beam", reason="needs the extra beam")

from migan_tf import synthetic_pipeline  # noqa: E402
from migan_tf.synthetic_pipeline import BeamStore  # noqa: E402
from migan_tf.synthetic_store import LocalStore  # noqa: E402


def test_addresses_go_to_beams_file_systems(tmp_path):
    assert isinstance(synthetic_pipeline.store_of("gs://b/made"), BeamStore)
    assert isinstance(synthetic_pipeline.store_of(str(tmp_path)), LocalStore)


def test_beams_file_systems_keep_files(tmp_path):
    store = BeamStore(str(tmp_path))
    assert not store.exists("a/b.txt")
    store.write("a/b.txt", b"four")
    assert store.exists("a/b.txt")
    assert store.read("a/b.txt") == b"four"
    assert store.size("a/b.txt") == 4
    store.clear()
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"four"
