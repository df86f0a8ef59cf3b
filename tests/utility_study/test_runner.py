"""Steps as processes: in order, once, resumed, stopped, and side by side."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from migan_tf.base.errors import UserError
from migan_tf.utility_study import runner
from migan_tf.utility_study.plan import SYNTHESIS, Cell, Step
from migan_tf.utility_study.runner import Runner

# Appends its name to a file, and writes its result.
NOTE = """
import pathlib, sys
name, order, result = sys.argv[1:]
with open(order, "a") as file:
    file.write(name + "\\n")
pathlib.Path(result).touch()
"""


def make_step(folder, name, program=NOTE, kind="note"):
    result = folder / f"{name.replace('/', '_')}.result"
    command = (sys.executable, "-c", program, name)
    return Step(
        name,
        kind,
        command=(*command, f"{folder}/order", f"{result}"),
        result=result,
    )


def cell_of(folder, *steps):
    return Cell(2, 0, folder=folder, pool=folder, arms=(), steps=steps)


def make_cell(folder, name, *steps):
    return cell_of(
        folder, *(make_step(folder, f"{name}/{step}/do") for step in steps)
    )


def order(folder):
    return (folder / "order").read_text().split()


def test_steps_run_once_and_in_order(tmp_path):
    cells = [make_cell(tmp_path, name, "a", "b") for name in ("x", "y")]
    Runner(tmp_path, cells).run()
    expected = ["x/a/do", "x/b/do", "y/a/do", "y/b/do"]
    assert order(tmp_path) == expected
    Runner(tmp_path, cells).run()
    assert order(tmp_path) == expected
    done = json.loads((tmp_path / "logs" / "x_a_do.json").read_text())
    assert done["command"] == [*cells[0].steps[0].command]
    # Without its result, or with another command, it is done again.
    cells[0].steps[1].result.unlink()
    other = make_step(tmp_path, "y/b/do", NOTE + "\n")
    cells[1] = dataclasses.replace(cells[1], steps=(cells[1].steps[0], other))
    Runner(tmp_path, cells).run()
    assert order(tmp_path) == [*expected, "x/b/do", "y/b/do"]


def test_what_comes_after_a_step_that_was_run_is_run_again(tmp_path):
    cells = [make_cell(tmp_path, name, "a", "b", "c") for name in ("x", "y")]
    Runner(tmp_path, cells).run()
    (tmp_path / "order").unlink()
    cells[0].steps[1].result.unlink()
    Runner(tmp_path, cells).run()
    assert order(tmp_path) == ["x/b/do", "x/c/do"]


def test_a_stop_between_two_steps_is_not_forgotten(tmp_path):
    """What was made of an old result is made anew by the start after next."""
    cell = make_cell(tmp_path, "x", "a", "b", "c")
    Runner(tmp_path, [cell]).run()
    (tmp_path / "order").unlink()
    cell.steps[0].result.unlink()

    def stop():
        raise UserError("too few")

    failing = dataclasses.replace(cell.steps[1], check=stop)
    steps = (cell.steps[0], failing, cell.steps[2])
    with pytest.raises(UserError, match="too few"):
        Runner(tmp_path, [dataclasses.replace(cell, steps=steps)]).run()
    Runner(tmp_path, [cell]).run()
    assert order(tmp_path) == ["x/a/do", "x/b/do", "x/b/do", "x/c/do"]


def test_the_pairs_of_another_experiment_are_not_taken(tmp_path):
    cell = make_cell(tmp_path, "x", "a")
    painted = dataclasses.replace(cell.steps[0], kind=SYNTHESIS)
    cell = dataclasses.replace(cell, pool=tmp_path / "pool", steps=(painted,))
    cell.pool.mkdir()
    with pytest.raises(UserError, match="--data_dir must hold no pairs"):
        Runner(tmp_path, [cell]).run()
    assert not painted.result.exists()
    cell.pool.rmdir()
    Runner(tmp_path, [cell]).run()
    cell.pool.mkdir()  # Its own by now.
    Runner(tmp_path, [cell]).run()


def test_an_output_that_is_no_folder_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="--output must be a folder"):
        Runner(tmp_path / "file", [])


def test_a_step_that_fails_is_said_and_gone_on_from(tmp_path):
    bad = make_step(
        tmp_path, "x/b/do", "print('a\\nerror: b\\nc'); raise SystemExit(3)"
    )
    good = make_cell(tmp_path, "x", "a", "b", "c")
    steps = (good.steps[0], bad, good.steps[2])
    with pytest.raises(UserError) as caught:
        Runner(tmp_path, [dataclasses.replace(good, steps=steps)]).run()
    text = str(caught.value)
    assert "step x/b/do ended with status 3: b\nc\nIts log" in text
    assert str(tmp_path / "logs" / "x_b_do.log") in text
    assert order(tmp_path) == ["x/a/do"]
    Runner(tmp_path, [good]).run()
    assert order(tmp_path) == ["x/a/do", "x/b/do", "x/c/do"]


def test_a_step_without_its_result_has_failed(tmp_path):
    idle = make_step(tmp_path, "x/a/do", "pass")
    with pytest.raises(UserError, match="x/a/do ended with status 0"):
        Runner(tmp_path, [cell_of(tmp_path, idle)]).run()


def test_fewer_pairs_are_no_failure_where_they_suffice(tmp_path):
    """`synthesize` ends with 1 then; how many are needed the check knows."""
    made = make_step(tmp_path, "x/a/do", NOTE + "sys.exit(1)")
    with pytest.raises(UserError, match="ended with status 1"):
        Runner(tmp_path, [cell_of(tmp_path, made)]).run()
    made.result.unlink()
    painted = dataclasses.replace(made, kind=SYNTHESIS)
    Runner(tmp_path, [cell_of(tmp_path, painted)]).run()
    assert painted.result.exists()


def test_cells_side_by_side_have_cores_of_their_own(tmp_path):
    program = (
        "import os, pathlib, sys, time\n"
        "time.sleep(0.5)\n"  # the parent pins it once it runs
        "cores = ' '.join(map(str, sorted(os.sched_getaffinity(0))))\n"
        "pathlib.Path(sys.argv[3]).write_text(cores)\n"
    )
    cells = [
        cell_of(tmp_path, make_step(tmp_path, f"{n}/a/do", program))
        for n in "xy"
    ]
    Runner(tmp_path, cells, jobs=2).run()
    found = [
        {int(core) for core in cell.steps[0].result.read_text().split()}
        for cell in cells
    ]
    assert sorted(map(sorted, found)) == sorted(
        map(sorted, runner.core_shares(2))
    )


SLEEPER = """
import pathlib, sys, time
pathlib.Path(sys.argv[2]).touch()
time.sleep(3)
pathlib.Path(sys.argv[3]).touch()
"""
PARENT = """
import pathlib, sys
from migan_tf.utility_study.plan import Cell, Step
from migan_tf.utility_study.runner import Runner
folder, result = map(pathlib.Path, sys.argv[1:3])
step = Step("x/a/do", "note", command=tuple(sys.argv[3:]), result=result)
Runner(folder, [Cell(2, 0, folder, folder, (), (step,))]).run()
"""


def start_parent(folder, step):
    """Runs a step in a process of its own, and waits until it has begun."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, folder, step.result, *step.command]
    )
    deadline = time.monotonic() + 60
    while not (folder / "order").exists():
        assert time.monotonic() < deadline and parent.poll() is None
        time.sleep(0.05)
    return parent


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_stopped_parent_leaves_no_second_child(tmp_path, number):
    step = make_step(tmp_path, "x/a/do", SLEEPER)
    parent = start_parent(tmp_path, step)
    parent.send_signal(number)
    assert parent.wait(60) != 0
    assert not step.result.exists()
    noticed = make_step(tmp_path, "x/a/do")
    # What outlives SIGKILL is waited for; SIGTERM has ended it.
    Runner(tmp_path, [cell_of(tmp_path, noticed)]).run()
    assert order(tmp_path) == ["x/a/do"]
    done = json.loads((tmp_path / "logs" / "x_a_do.json").read_text())
    assert done["command"] == [*noticed.command]


def test_shares_of_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    assert runner.core_shares(1) == [{0, 1, 2}]
    assert runner.core_shares(2) == [{0, 2}, {1}]
    assert runner.core_shares(4)[3] == {0, 1, 2}


def test_the_time_left_is_that_of_the_same_kind(tmp_path):
    kinds = ["train", "score", "train", "score", "paint"]
    steps = [make_step(tmp_path, kind, kind=kind) for kind in kinds]
    left = runner.minutes_left
    assert left(steps, [None] * 5) is None
    # train 600 s and score 60 s are known, paint is taken for their mean.
    done = [600.0, 60.0, None, None, None]
    assert left(steps, done) == pytest.approx((600 + 60 + 330) / 60)
    assert left(steps, done, 2) == pytest.approx((600 + 60 + 330) / 120)
    assert left(steps, [1.0] * 5) == 0
