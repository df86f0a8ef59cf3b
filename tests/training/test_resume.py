"""A run that is stopped in every way, process by process, and started again.

All stops are of one run, since each process takes ten seconds to begin.
"""

import json
import resource
import signal
import time

import numpy as np
import pytest
import tensorflow as tf

from tests import training_process
from tests.training_process import finish

TASK = "synthesis"
STEPS = 40


def start(flags, workdir, *more, **keywords):
    return training_process.start(
        *flags,
        f"--workdir={workdir}",
        f"--task={TASK}",
        f"--synthesis_steps={STEPS}",
        *more,
        **keywords,
    )


def last_step(workdir):
    path = workdir / TASK / "metrics.jsonl"
    try:
        text = path.read_text()
    except FileNotFoundError:
        return 0
    whole = text[: text.rfind("\n") + 1].splitlines()
    return json.loads(whole[-1])["step"] if whole else 0


def wait_for_steps(process, workdir, count):
    """Until the process has logged so many steps more than there were."""
    step = last_step(workdir) + count
    while last_step(workdir) < step and process.poll() is None:
        time.sleep(0.02)
    assert process.poll() is None, process.communicate()[1]


def newest_checkpoint(workdir):
    return tf.train.latest_checkpoint(workdir / TASK / "checkpoints")


def state_of(workdir):
    reader = tf.train.load_checkpoint(newest_checkpoint(workdir))
    return {
        name: reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        if "save_counter" not in name and "OBJECT_GRAPH" not in name
    }


def assert_same_state(one, other):
    a, b = state_of(one), state_of(other)
    assert a.keys() == b.keys() and len(a) > 100
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def rows_of(workdir):
    lines = (workdir / TASK / "metrics.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    for row in rows:
        row.pop("images_per_second", None)
    return rows


def kill(flags, workdir, count, seconds):
    """Kills at any moment: in a checkpoint, a picture, a row or a step."""
    process = start(flags, workdir)
    wait_for_steps(process, workdir, count)
    time.sleep(seconds)
    process.kill()
    finish(process)


def terminate(flags, workdir):
    """A SIGTERM saves first, where nothing else would."""
    process = start(flags, workdir, "--checkpoint_every=1000")
    wait_for_steps(process, workdir, 2)
    process.send_signal(signal.SIGTERM)
    status, errors = finish(process)
    assert status == 128 + signal.SIGTERM
    assert "stopped and saved at step" in errors
    step = state_of(workdir)["step/.ATTRIBUTES/VARIABLE_VALUE"]
    assert step == last_step(workdir)


def fill_the_disk(flags, workdir):
    """A full disk ends the run in words."""

    def small_files_only():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    process = start(flags, workdir, preexec_fn=small_files_only)
    status, errors = finish(process)
    assert status == 2 and "error: " in errors and "Traceback" not in errors


def damage(workdir):
    """Cuts the newest checkpoint short, as a disk might."""
    path = f"{newest_checkpoint(workdir)}.data-00000-of-00001"
    with open(path, "r+b") as file:
        file.truncate(1000)


@pytest.mark.slow
def test_stopped_in_every_way_it_ends_bit_identical(tiny_flags, tmp_path):
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    status, errors = finish(start(tiny_flags, undisturbed))
    assert status == 0, errors

    # Checkpoints are of every fifth step.
    for count, seconds in ((6, 0.0), (3, 0.03), (5, 0.08)):
        kill(tiny_flags, disturbed, count, seconds)
    terminate(tiny_flags, disturbed)
    fill_the_disk(tiny_flags, disturbed)
    assert last_step(disturbed) < STEPS
    damage(disturbed)
    status, errors = finish(start(tiny_flags, disturbed))
    assert status == 0 and "damaged" in errors, errors

    assert_same_state(undisturbed, disturbed)
    assert rows_of(undisturbed) == rows_of(disturbed)
    record = json.loads((disturbed / TASK / "run.json").read_text())
    assert len(record["starts"]) == 6
