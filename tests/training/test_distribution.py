"""Several devices and several processes train what one trains.

Sums of float32 are taken in another order, and Adam turns a rounding error
in a vanishing gradient into a step of full size, so differences grow with
the steps: 1e-4 for the losses of the first iteration, which follow one or two
updates already, 1e-3 for all of ten.
"""

import dataclasses
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from migan_tf.base.config import Config
from migan_tf.base.errors import UserError
from migan_tf.training import distribution

TASK = "synthesis"
STEPS = 10
# Four images of 128 pixels are sixteen values or more for each channel of a
# BatchNorm: with fewer, its backward pass amplifies rounding so that no two
# orders of summation stay together.
SETTINGS = dict(
    task=TASK,
    batch_size=4,
    image_size=128,
    synthesis_steps=STEPS,
    average_decay=0.9,
    validate_every=5,
    checkpoint_every=2,
)


def command(flags, workdir, *more):
    settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
    return [
        sys.executable,
        "-m",
        "migan_tf.train",
        *flags,
        *settings,
        f"--workdir={workdir}",
        *more,
    ]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start_workers(flags, *workdirs, more=()):
    """Two workers in one folder, or each in its own."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    processes = []
    for index in range(2):
        cluster = {"worker": addresses}
        task = {"type": "worker", "index": index}
        environment = {
            **os.environ,
            "TF_CONFIG": json.dumps({"cluster": cluster, "task": task}),
        }
        processes.append(
            subprocess.Popen(
                command(
                    flags,
                    workdirs[index % len(workdirs)],
                    "--distribute=multiworker",
                    *more,
                ),
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    return processes


def rows(workdir):
    path = workdir / TASK / "metrics.jsonl"
    if not path.exists():
        return []
    lines = path.read_text().splitlines()
    return [json.loads(line) for line in lines]


def losses_of(workdir):
    names = ("loss", "deviation_loss", "adversarial_loss", "d_loss")
    return [
        [row[name] for name in names]
        for row in rows(workdir)
        if "deviation_loss" in row
    ]


@pytest.fixture(scope="module")
def single(tiny_config, tmp_path_factory):
    from migan_tf.training import trainer

    workdir = tmp_path_factory.mktemp("single")
    config = dataclasses.replace(tiny_config, workdir=str(workdir), **SETTINGS)
    assert trainer.train(config) == 0
    return workdir


def assert_agree(one, other):
    expected, found = np.array(losses_of(one)), np.array(losses_of(other))
    assert expected.shape == found.shape == (STEPS, 4)
    difference = np.abs(found / expected - 1).max(axis=1)
    print("largest relative difference of each step:", difference)
    assert difference[0] < 1e-4
    assert difference.max() < 1e-3
    # Validation is of the averaged weights.
    key = "validation/deviation_loss"
    expected, found = (
        [row[key] for row in rows(run) if key in row] for run in (one, other)
    )
    assert len(expected) >= 2
    np.testing.assert_allclose(found, expected, rtol=1e-3)


@pytest.mark.slow
def test_two_devices_agree_with_one(tiny_flags, single, tmp_path):
    more = ("--distribute=mirrored", "--virtual_cpu_devices=2")
    subprocess.run(
        command(tiny_flags, tmp_path, *more), check=True, capture_output=True
    )
    assert_agree(single, tmp_path)


@pytest.mark.slow
def test_two_processes_go_on_after_one_is_lost_and_agree_with_one(
    tiny_flags, single, tmp_path
):
    chief, other = start_workers(tiny_flags, tmp_path)
    while len(rows(tmp_path)) < 3 and chief.poll() is None:
        time.sleep(0.05)
    other.kill()
    began = time.monotonic()
    errors = chief.communicate(timeout=120)[1]
    assert time.monotonic() - began < 120
    assert chief.returncode == 2, errors
    assert "another worker is gone" in errors and "Start all workers" in errors
    other.communicate()

    for process in start_workers(tiny_flags, tmp_path):
        errors = process.communicate(timeout=300)[1]
        assert process.returncode == 0, errors
    steps = [row["step"] for row in rows(tmp_path) if "d_loss" in row]
    assert steps == list(range(1, STEPS + 1))
    record = json.loads((tmp_path / TASK / "run.json").read_text())
    assert len(record["starts"]) == 2
    assert_agree(single, tmp_path)


@pytest.mark.slow
def test_workers_that_go_on_from_other_states_are_refused(
    tiny_flags, single, tmp_path
):
    """The second does not see the checkpoint of step 10 of the first."""
    chiefs = shutil.copytree(single, tmp_path / "chief")
    record = chiefs / TASK / "run.json"  # Made without --deterministic.
    text = record.read_text("utf-8")
    text = text.replace('"deterministic": false', '"deterministic": true')
    record.write_text(text, "utf-8")
    before = rows(chiefs)
    more = (f"--synthesis_steps={STEPS + 2}",)
    processes = start_workers(tiny_flags, chiefs, tmp_path / "other", more=more)
    for process in processes:
        errors = process.communicate(timeout=300)[1]
        assert process.returncode == 2, errors
        assert "Traceback" not in errors
        message = errors[errors.rindex("\nerror: ") :]
        assert "do not go on from the same checkpoint" in message
        for words in ("worker 0: step 10,", "worker 1: step 0,", "Next: "):
            assert words in message
    assert rows(chiefs) == before
    assert not list((tmp_path / "other").rglob("ckpt-*"))


def test_one_worker_alone_is_compared_with_nobody():
    strategy = distribution.make_strategy(Config())
    distribution.check_same_start(strategy, 3, "00" * 32)


def test_the_default_strategy_is_one_worker():
    strategy = distribution.make_strategy(Config())
    assert distribution.worker(strategy) == (0, 1, 1)


@pytest.mark.parametrize("chief, expected", [(True, 2), (False, 1)])
def test_workers_are_counted_after_the_chief(chief, expected):
    cluster = {"worker": ["a:1", "b:1"]}
    if chief:
        cluster["chief"] = ["c:1"]
    resolver = SimpleNamespace(
        task_type="worker",
        task_id=1,
        cluster_spec=lambda: SimpleNamespace(as_dict=lambda: cluster),
    )
    strategy = SimpleNamespace(
        cluster_resolver=resolver, num_replicas_in_sync=6
    )
    workers = 2 + chief
    assert distribution.worker(strategy) == (expected, workers, 6 // workers)


@pytest.mark.parametrize("text", ["", "{}", "not json", '{"cluster": 1}'])
def test_a_bad_tf_config_is_refused_in_words(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(UserError, match="TF_CONFIG.*Received"):
        distribution.make_strategy(Config(distribute="multiworker"))


def test_virtual_devices_come_too_late_once_tensorflow_runs():
    import tensorflow as tf

    tf.constant(1.0)
    with pytest.raises(UserError, match="before TensorFlow is used"):
        distribution.make_strategy(
            Config(distribute="mirrored", virtual_cpu_devices=2)
        )
