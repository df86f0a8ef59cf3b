"""A disk that becomes full while a run is trained, by a limit on file sizes.

The system then refuses what goes beyond it as it does on a full disk, to
Python and to the libraries alike.
"""

import contextlib
import errno
import json
import resource

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.base import files
from migan_tf.base.errors import UserError
from migan_tf.training import interruption
from migan_tf.training.checkpoint import Checkpoints
from migan_tf.training.summaries import RunLog
from tests.small_state import make_state, train

# From nothing to just too little for what the test writes.
SIZES = (0, 1, 100, 500, 1000, 2000)


@contextlib.contextmanager
def files_of_at_most(size):
    """Only this process's own limit, which can be raised again."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def content(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def saved(tmp_path):
    state = make_state(1)
    checkpoints = Checkpoints(tmp_path, state, 2)
    train(state, 1)
    assert checkpoints.keep_if_best({"step": 1, "validation_loss": 0.5})
    checkpoints.save()
    return checkpoints, state


@pytest.mark.parametrize("size", SIZES)
def test_a_checkpoint_that_does_not_fit_leaves_the_older(saved, tmp_path, size):
    checkpoints, state = saved
    before = content(tmp_path)
    train(state, 1)
    with pytest.raises(UserError) as caught, files_of_at_most(size):
        checkpoints.save()
    message = str(caught.value)
    assert str(tmp_path / "checkpoints") in message
    assert "File too large" in message and "MB are free" in message
    assert "last good one: ckpt-1" in message
    assert content(tmp_path) == before
    other = make_state(2)
    assert Checkpoints(tmp_path, other, 2).restore() == 1
    checkpoints.save()  # There is room again.
    assert Checkpoints(tmp_path, other, 2).restore() == 2


@pytest.mark.parametrize("size", SIZES)
def test_best_weights_that_do_not_fit_leave_the_older(saved, tmp_path, size):
    checkpoints, state = saved
    before = content(tmp_path)
    train(state, 1)
    with pytest.raises(UserError, match="best/network.weights.h5: File too"):
        with interruption.explained(tmp_path), files_of_at_most(size):
            checkpoints.keep_if_best({"step": 2, "validation_loss": 0.1})
    assert content(tmp_path) == before


@pytest.mark.parametrize("size", SIZES)
def test_a_picture_that_does_not_fit_is_not_there(tmp_path, size):
    picture = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    with pytest.raises(OSError) as caught, files_of_at_most(size):
        files.write_image(tmp_path / "samples.png", picture)
    assert caught.value.errno == errno.EFBIG
    assert caught.value.filename == str(tmp_path / "samples.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size", (60, 100, 101, 130))
def test_rows_are_whole_or_not_there(tmp_path, size):
    log = RunLog(tmp_path, 0)
    with pytest.raises(UserError, match="File too large.*MB are free"):
        with interruption.explained(tmp_path), contextlib.closing(log):
            with files_of_at_most(size):
                for step in range(100):
                    log.scalars(step, {"loss": step / 3})
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    steps = [json.loads(line)["step"] for line in lines]
    assert steps == list(range(len(steps))) and len(lines) < 10


def test_the_files_of_tensorboard_that_do_not_fit_are_told(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path))
    with pytest.raises(UserError, match="File too large.*MB are free"):
        with interruption.explained(tmp_path), files_of_at_most(500):
            with writer.as_default(step=1):
                for step in range(100):
                    tf.summary.scalar("loss", step, step=step)
            writer.flush()


def test_other_errors_of_tensorflow_keep_their_traceback(tmp_path):
    with pytest.raises(tf.errors.OutOfRangeError):
        with interruption.explained(tmp_path):
            raise tf.errors.OutOfRangeError(None, None, "End of sequence")


@pytest.mark.parametrize(
    "damaged", ["\0\0\0\n", "{\n", "[]\n", '{"step": "x"}\n', "\ufffd\n"]
)
def test_damaged_rows_do_not_take_the_others_along(tmp_path, damaged, caplog):
    rows = tmp_path / "metrics.jsonl"
    text = '{"step": 1}\n' + damaged + '{"step": 2}\n{"step": 3}\n{"ste'
    rows.write_text(text, encoding="utf-8")
    RunLog(tmp_path, 2).close()
    assert rows.read_text() == '{"step": 1}\n{"step": 2}\n'
    assert "1 damaged rows left out" in caplog.text
