"""Beam's file systems, and what of its faults is the user's.

What the pipeline makes is in tests/test_synthesize.py.
"""

import pytest

pytest.importorskip("apache_beam", reason="needs the extra beam")

from migan_tf.base.errors import UserError  # noqa: E402
from migan_tf.synthesis import beam, job  # noqa: E402
from migan_tf.synthesis.beam import BeamStore  # noqa: E402
from migan_tf.synthesis.flags import JobSettings
from migan_tf.synthesis.store import LocalStore  # noqa: E402


def test_addresses_go_to_beams_file_systems(tmp_path):
    assert isinstance(beam.store_of("gs://b/made"), BeamStore)
    assert isinstance(beam.store_of(str(tmp_path)), LocalStore)


def test_beams_file_systems_keep_files(tmp_path):
    store = BeamStore(str(tmp_path))
    assert not store.exists("a/b.txt")
    store.write("a/b.txt", b"four")
    assert store.exists("a/b.txt")
    assert store.read("a/b.txt") == b"four"
    assert store.size("a/b.txt") == 4
    store.clear()
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"four"


@pytest.fixture
def no_job(monkeypatch):
    """Stands in for a job, so that nothing but Beam is called."""
    for name, value in job.ONE_THREAD.items():
        monkeypatch.setenv(name, value)  # `run` sets it; this takes it back.
    monkeypatch.setattr(beam, "plan_job", lambda *args: (None, None, {}))
    monkeypatch.setattr(job, "claim", lambda *args: None)


def test_a_runner_that_beam_does_not_know_is_told_in_words(no_job, tmp_path):
    values = JobSettings(output=str(tmp_path))
    with pytest.raises(UserError, match="must be what Beam can use.*Nowhere"):
        beam.run(values, None, ["--runner=NowhereRunner"])


def test_a_fault_of_ours_is_not_laid_on_the_options(
    no_job, tmp_path, monkeypatch
):
    def fault(*args, **kinds):
        raise ValueError("ours")

    monkeypatch.setattr(beam, "build", fault)
    with pytest.raises(ValueError, match="^ours$"):
        beam.run(JobSettings(output=str(tmp_path)), None, [])


def test_what_a_worker_says_to_the_user_is_all_that_is_said(
    no_job, tmp_path, monkeypatch
):
    """Beam wraps what a worker raises into a text with its traceback."""

    def fail(*args, **kinds):
        raise RuntimeError(
            "Traceback (most recent call last):\n  File …\n"
            "migan_tf.base.errors.UserError: make room [while running 'Make']"
        )

    monkeypatch.setattr(beam, "build", fail)
    with pytest.raises(UserError, match="^make room$"):
        beam.run(JobSettings(output=str(tmp_path)), None, [])
