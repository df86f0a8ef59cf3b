"""A job of several processes: shared, killed, gone on with, finished.

Its files are the same to the byte whoever makes which block.
"""

import contextlib
import io
import json
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from migan_tf.base.errors import UserError
from migan_tf.inference.model_folder import open_folder
from migan_tf.synthesis import job, one_machine
from migan_tf.synthesis.flags import Settings
from migan_tf.synthesis.job import Plan
from tests.synthetic_parts import SIDE, contents, recipe_of, settings_of

COUNT = 21  # blocks of 10, 10 and 1


@pytest.fixture(scope="module", autouse=True)
def environment():
    """Takes back what a job sets for its processes."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in job.ONE_THREAD.items():
            patch.setenv(name, value)
        yield


def run(tiny_run, folder, shard="0/1", **changes):
    """Runs a job here, with processes of its own; returns what it says."""
    small = {"count": COUNT, "workers": 1, "shard": shard}
    settings = settings_of(tiny_run, folder, **{**small, **changes})
    generator = open_folder(tiny_run / "synthesis", "synthesis")
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        status = one_machine.run(settings, generator)
    assert status == 0
    return told.getvalue()


@pytest.fixture(scope="module")
def whole(tiny_run, tmp_path_factory):
    """The folder of a job that one process made, and what it said."""
    folder = tmp_path_factory.mktemp("whole") / "made"
    return folder, run(tiny_run, folder)


@pytest.mark.slow
def test_a_job_says_what_it_made_and_what_it_cost(whole):
    folder, told = whole
    assert "21 pairs in " in told and "a second; peak memory" in told
    assert "21 pairs of 21 images made" in told
    assert len(list((folder / "training" / "images").iterdir())) == 21
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["pairs"], summary["given_up"]) == (21, 0)


@pytest.mark.slow
def test_shards_by_turns_give_the_same_folder(whole, tiny_run, tmp_path):
    folder = tmp_path / "made"
    told = run(tiny_run, folder, "1/2")
    assert "2 of 3 blocks are still missing" in told
    assert not (folder / "summary.json").exists()
    run(tiny_run, folder, "0/2")
    assert contents(folder) == contents(whole[0])
    assert "a second" not in run(tiny_run, folder)  # Nothing is made again.
    assert contents(folder) == contents(whole[0])


@pytest.mark.slow
def test_another_job_does_not_mix_in(whole, tiny_run):
    before = contents(whole[0])
    with pytest.raises(UserError, match="seed is 0 there and 1 here"):
        run(tiny_run, whole[0], seed=1)
    assert contents(whole[0]) == before


def start(tiny_run, folder):
    """The same job by the command, on two processes, to be killed."""
    small = settings_of(tiny_run, folder, count=COUNT, workers=2)
    given = {
        name: value
        for name, value in vars(small).items()
        if value != getattr(Settings(), name)
    }
    return subprocess.Popen(
        [sys.executable, "-m", "migan_tf.synthesize"]
        + [f"--{name}={value}" for name, value in given.items()],
        stderr=subprocess.DEVNULL,
    )


def children(process):
    """Process ids of those that a process has started."""
    path = f"/proc/{process.pid}/task/{process.pid}/children"
    return [int(text) for text in pathlib.Path(path).read_text().split()]


def alive(pid):
    """Whether a process runs; a zombie does not."""
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


def wait_for(condition, seconds=120):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_killed_job_goes_on_and_its_workers_end(whole, tiny_run, tmp_path):
    folder = tmp_path / "made"
    process = start(tiny_run, folder)
    wait_for(lambda: list(folder.glob("training/images/*.png")))
    workers = children(process)
    assert len(workers) >= 2
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(lambda: not any(map(alive, workers)), 30)
    finished = list(folder.glob("manifest/*.jsonl"))
    assert len(finished) < 3, "it was killed too late to show anything"
    run(tiny_run, folder, workers=2)
    assert contents(folder) == contents(whole[0])


@pytest.mark.slow
def test_what_a_worker_says_reaches_the_user(tiny_run, tmp_path):
    recipe = recipe_of(tiny_run.parent / "no_such_run")
    plan = Plan("made", 1, "png", SIDE)
    with pytest.raises(UserError, match="synthesis"):
        one_machine.make_blocks(
            plan, tmp_path, recipe=recipe, blocks=[0], workers=1
        )


def test_an_address_is_for_beam(tiny_run):
    with pytest.raises(UserError, match="Next: .*migan_tf.synthesize_beam"):
        run(tiny_run, "gs://bucket/made")
