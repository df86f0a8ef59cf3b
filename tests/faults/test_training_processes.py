"""One command, both tasks, as processes: killed, twice, and short of room.

Every process takes ten seconds to begin, so one run is disturbed in all ways.
"""

import json
import resource
import time

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.base.config import TASKS
from tests import training_process
from tests.training_process import finish

STEPS = 12


def start(flags, workdir, **keywords):
    steps = [f"--{task}_steps={STEPS}" for task in TASKS]
    return training_process.start(
        *flags, *steps, f"--workdir={workdir}", **keywords
    )


def rows_of(folder):
    lines = (folder / "metrics.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    for row in rows:
        row.pop("images_per_second", None)
    return rows


def wait_for_step(process, folder, step):
    rows = folder / "metrics.jsonl"
    while f'{{"step": {step},' not in (
        rows.read_text("utf-8") if rows.exists() else ""
    ):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.01)


def state_of(folder):
    newest = tf.train.latest_checkpoint(folder / "checkpoints")
    reader = tf.train.load_checkpoint(newest)
    return {
        name: reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        if "OBJECT_GRAPH" not in name
    }


def assert_same(one, other):
    a, b = state_of(one), state_of(other)
    assert a.keys() == b.keys() and len(a) > 100
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)
    assert rows_of(one) == rows_of(other)
    best = [(p / "best" / "validation.json").read_text() for p in (one, other)]
    assert best[0] == best[1]


@pytest.mark.slow
def test_killed_and_started_twice_it_ends_bit_identical(tiny_flags, tmp_path):
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    status, told = finish(start(tiny_flags, undisturbed))
    assert status == 0, told
    assert f"step {STEPS} of {STEPS}, validation: validation_loss" in told
    assert f"Next: python -m migan_tf.evaluate --workdir={undisturbed}" in told
    names = [path.name for path in undisturbed.rglob("*")]
    assert not [n for n in names if n.startswith(".") or "tmp" in n]

    kills = (("segmentation", 7, 0.0), ("segmentation", 10, 0.05))
    for task, step, seconds in (*kills, ("synthesis", 6, 0.02)):
        process = start(tiny_flags, disturbed)
        wait_for_step(process, disturbed / task, step)
        if step == 7:  # Another finds the folder taken.
            status, told = finish(start(tiny_flags, disturbed))
            assert status == 2 and f"process {process.pid} on " in told
            assert told.startswith("error: ") and "Traceback" not in told
        time.sleep(seconds)
        process.kill()
        finish(process)
    status, told = finish(start(tiny_flags, disturbed))
    assert status == 0, told
    for task in TASKS:
        assert_same(undisturbed / task, disturbed / task)


@pytest.mark.slow
@pytest.mark.parametrize("size", [0, 2_000, 30_000])
def test_a_full_disk_ends_it_in_words(tiny_flags, tmp_path, size):
    process = start(
        tiny_flags,
        tmp_path / "run",
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (size, size)
        ),
    )
    status, told = finish(process)
    assert status == 2, told
    message = told[told.rindex("error: ") :]
    assert "Traceback" not in told and "File too large" in message
    assert str(tmp_path / "run") in message
    left = [path.name for path in tmp_path.rglob("*")]
    assert not [name for name in left if name.startswith(".")]
