"""Several processes make what one makes, and a killed job goes on."""

import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from migan_tf.base.errors import UserError
from migan_tf.synthesis import job, one_machine, summary
from migan_tf.synthesis.job import Plan
from migan_tf.synthesis.store import LocalStore
from tests.synthetic_parts import SIDE, contents, recipe_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLAN = Plan("made", 30, "png")


def run(folder, recipe, blocks=(0, 1, 2), workers=1, plan=PLAN):
    return one_machine.make_blocks(
        plan, folder, recipe=recipe, blocks=list(blocks), workers=workers
    )


@pytest.fixture(scope="module")
def alone(tiny_run, tmp_path_factory):
    """The whole job by one process: its folder."""
    folder = tmp_path_factory.mktemp("alone")
    peaks = run(folder, recipe_of(tiny_run))
    assert len(peaks) == 3 and peaks == sorted(peaks)
    summary.finish(PLAN, LocalStore(folder), SIDE)
    return folder


@pytest.mark.slow
def test_two_shards_of_two_processes_give_the_same_bytes(
    alone, tiny_run, tmp_path
):
    for part in (0, 1):
        blocks = PLAN.of_shard(part, 2)
        run(tmp_path, recipe_of(tiny_run), blocks, workers=2)
    summary.finish(PLAN, LocalStore(tmp_path), SIDE)
    assert contents(tmp_path) == contents(alone)


def start(folder, tiny_run):
    """The job in a process of its own."""
    program = f"""
    import pathlib
    from tests import synthetic_parts, test_synthetic_workers as job
    if __name__ == "__main__":
        recipe = synthetic_parts.recipe_of(pathlib.Path({str(tiny_run)!r}))
        job.run({str(folder)!r}, recipe, workers=2)
    """
    file = pathlib.Path(folder).parent / "job.py"
    file.write_text(textwrap.dedent(program))
    return subprocess.Popen(
        [sys.executable, file],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
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
def test_a_killed_job_goes_on_and_its_workers_end(alone, tiny_run, tmp_path):
    folder = tmp_path / "made"
    process = start(folder, tiny_run)
    wait_for(lambda: list(folder.glob("training/images/*.png")))
    workers = children(process)
    assert len(workers) >= 2
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(lambda: not any(map(alive, workers)), 30)
    store = LocalStore(folder)
    missing = job.missing(PLAN, store)
    assert missing, "it was killed too late to show anything"
    run(folder, recipe_of(tiny_run), missing)
    summary.finish(PLAN, store, SIDE)
    assert contents(folder) == contents(alone)


@pytest.mark.slow
def test_what_a_worker_says_reaches_the_user(tiny_run, tmp_path):
    recipe = recipe_of(tiny_run.parent / "no_such_run")
    with pytest.raises(UserError, match="synthesis"):
        run(tmp_path, recipe, [0])


def test_cores_are_those_that_may_be_used():
    assert one_machine.cores() == len(os.sched_getaffinity(0)) >= 1
