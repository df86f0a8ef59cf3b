"""One builder at a time, and builds that are stopped half way."""

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import tensorflow_datasets as tfds

from migan_tf.base import locks
from migan_tf.data import prepared

ROOT = pathlib.Path(__file__).resolve().parents[2]
STARE_TARS = ROOT / "datasets" / "stare" / "dummy_data"


def test_the_second_waits_for_the_first(tmp_path):
    path = tmp_path / ".drive.lock"
    order, inside = [], threading.Event()

    def second():
        inside.wait(10)
        with locks.hold(path):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with locks.hold(path):
        inside.set()
        thread.join(0.3)
        assert thread.is_alive()
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
    assert not path.exists()


def test_the_lock_is_freed_by_an_error(tmp_path):
    path = tmp_path / ".drive.lock"
    with pytest.raises(KeyError), locks.hold(path):
        raise KeyError
    with locks.hold(path):
        assert path.exists()


def test_a_lock_file_of_a_killed_process_does_not_block(tmp_path):
    path = tmp_path / ".drive.lock"
    path.touch()
    with locks.hold(path):
        pass
    assert not path.exists()


def test_a_lock_that_is_held_is_refused_with_its_holder(tmp_path):
    path = tmp_path / ".training.lock"
    with locks.hold(path, wait=False):
        with pytest.raises(locks.HeldError) as caught:
            with locks.hold(path, wait=False):
                raise AssertionError
        assert f"process {os.getpid()} on " in str(caught.value)
        assert path.read_text() == str(caught.value)
    assert not path.exists()
    path.write_text("process 1 on a machine that is gone")
    with locks.hold(path, wait=False):
        assert path.exists()


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path):
    path = tmp_path / ".training.lock"
    program = (
        "import pathlib, time; from migan_tf.base import locks\n"
        f"with locks.hold(pathlib.Path({str(path)!r})): print(1, flush=True);"
        " time.sleep(600)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE
    )
    process.stdout.read(1)
    with pytest.raises(locks.HeldError, match=f"process {process.pid} on "):
        with locks.hold(path, wait=False):
            raise AssertionError
    process.kill()
    process.communicate()
    with locks.hold(path, wait=False):
        assert f"process {os.getpid()} on " in path.read_text()


def test_sigterm_unwinds_and_the_handler_comes_back():
    before = signal.getsignal(signal.SIGTERM)
    unwound = []
    with pytest.raises(SystemExit) as caught:
        with locks.sigterm_as_exit():
            try:
                os.kill(os.getpid(), signal.SIGTERM)
                signal.pause()
            finally:
                unwound.append(True)
    assert caught.value.code == 143 and unwound
    assert signal.getsignal(signal.SIGTERM) == before


def test_other_threads_cannot_set_handlers_and_need_not():
    outcome = []

    def build():
        with locks.sigterm_as_exit():
            outcome.append("built")

    thread = threading.Thread(target=build)
    thread.start()
    thread.join(10)
    assert outcome == ["built"]


def examples_of(builder, split):
    examples = tfds.as_numpy(builder.as_dataset(split=split))
    return {e["image_id"].decode(): e for e in examples}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_stopped_build_leaves_no_half_dataset(number, tmp_path):
    build = (
        "from migan_tf.data import prepared; prepared.ensure_prepared("
        f"'stare', {str(tmp_path)!r}, {str(STARE_TARS)!r})"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", build],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    started = time.monotonic()
    while not list(tmp_path.glob("stare/incomplete.*/*")):
        assert process.poll() is None and time.monotonic() - started < 200
        time.sleep(0.02)
    process.send_signal(number)
    killed = number == signal.SIGKILL
    assert process.wait(60) == (-number if killed else 128 + number)
    assert bool(list(tmp_path.glob("stare/incomplete.*"))) == killed
    assert not (tmp_path / "stare" / "1.0.0").exists()
    if killed:
        stare = prepared.ensure_prepared("stare", str(tmp_path), STARE_TARS)
        assert os.listdir(tmp_path / "stare") == ["1.0.0"]
        check_stare(stare)


def check_stare(stare):
    """Rows and columns as stare_dummy.py draws them; im0162 is the 11th."""
    train, test = examples_of(stare, "train"), examples_of(stare, "test")
    assert list(train)[0] == "im0001" and list(train)[-1] == "im0139"
    assert list(test)[0] == "im0162" and list(test)[-1] == "im0324"
    assert len(train) == len(test) == 10
    example = test["im0162"]
    assert example["has_vessel_map"] and example["has_second_annotator"]
    for name, row in (("vessel_map", 250), ("second_annotator", 255)):
        band = np.zeros((605, 700, 1), np.uint8)
        band[row : row + 60, 150:550] = 255
        np.testing.assert_array_equal(example[name], band)
