"""Whole processes that are stopped in every way, and started again."""

import json
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.slow
TASK = "synthesis"


def start(flags, workdir, *more, **keywords):
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "migan_tf.train",
            *flags,
            f"--workdir={workdir}",
            f"--task={TASK}",
            *more,
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        **keywords,
    )


def finish(process):
    errors = process.communicate(timeout=300)[1]
    return process.returncode, errors


def last_step(workdir):
    path = workdir / TASK / "metrics.jsonl"
    try:
        text = path.read_text()
    except FileNotFoundError:
        return 0
    whole = text[: text.rfind("\n") + 1].splitlines()
    return json.loads(whole[-1])["step"] if whole else 0


def wait_for_step(process, workdir, step):
    while last_step(workdir) < step and process.poll() is None:
        time.sleep(0.02)
    assert process.poll() is None, process.communicate()[1]


def state_of(workdir):
    folder = workdir / TASK / "checkpoints"
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(folder))
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


@pytest.fixture(scope="module")
def undisturbed(tiny_flags, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("undisturbed")
    status, errors = finish(start(tiny_flags, workdir, "--synthesis_steps=100"))
    assert status == 0, errors
    return workdir


def test_killed_ten_times_ends_bit_identical(tiny_flags, undisturbed, tmp_path):
    rng = np.random.default_rng(10)
    steps = "--synthesis_steps=100"
    kills = 0
    while kills < 10:
        before = last_step(tmp_path)
        process = start(tiny_flags, tmp_path, steps)
        # Any moment may be hit: the writing of a checkpoint, of a picture, of
        # a row, the middle of a step.
        wait_for_step(process, tmp_path, before + int(rng.integers(1, 8)))
        time.sleep(rng.uniform(0.0, 0.1))
        process.kill()
        finish(process)
        kills += 1
    assert last_step(tmp_path) < 100
    status, errors = finish(start(tiny_flags, tmp_path, steps))
    assert status == 0, errors
    assert_same_state(undisturbed, tmp_path)
    assert rows_of(undisturbed) == rows_of(tmp_path)
    starts = json.loads((tmp_path / TASK / "run.json").read_text())["starts"]
    assert len(starts) == 11


def test_sigterm_saves_first_and_the_run_goes_on(
    tiny_flags, undisturbed, tmp_path
):
    more = ("--synthesis_steps=100", "--checkpoint_every=1000")
    process = start(tiny_flags, tmp_path, *more)
    wait_for_step(process, tmp_path, 7)
    process.send_signal(signal.SIGTERM)
    status, errors = finish(process)
    assert status == 128 + signal.SIGTERM
    assert "stopped and saved at step" in errors
    state = state_of(tmp_path)
    saved = state["step/.ATTRIBUTES/VARIABLE_VALUE"]
    assert saved == last_step(tmp_path) >= 7
    status, errors = finish(start(tiny_flags, tmp_path, *more))
    assert status == 0, errors
    assert_same_state(undisturbed, tmp_path)


def test_a_damaged_checkpoint_is_passed_over(tiny_flags, tmp_path):
    finish(start(tiny_flags, tmp_path, "--synthesis_steps=10"))
    expected = state_of(tmp_path)
    folder = tmp_path / TASK / "checkpoints"
    newest = folder / "ckpt-10.data-00000-of-00001"
    newest.write_bytes(newest.read_bytes()[:1000])
    status, errors = finish(start(tiny_flags, tmp_path, "--synthesis_steps=10"))
    assert status == 0 and "damaged" in errors
    for name, value in state_of(tmp_path).items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


def test_a_full_disk_ends_in_words_and_loses_nothing(tiny_flags, tmp_path):
    finish(start(tiny_flags, tmp_path, "--synthesis_steps=5"))

    def small_files_only():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    more = "--synthesis_steps=15"
    process = start(tiny_flags, tmp_path, more, preexec_fn=small_files_only)
    status, errors = finish(process)
    assert status == 2 and "error: " in errors and "Traceback" not in errors
    status, errors = finish(start(tiny_flags, tmp_path, more))
    assert status == 0, errors
    assert last_step(tmp_path) == 15
