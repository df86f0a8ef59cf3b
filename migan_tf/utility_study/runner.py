"""Runs the steps of cells, or what an earlier start has left of them.

A step that ended well leaves its result and `logs/<step>.json`, which holds its
command and its time. A step without both is run, and so are those after it in
its cell, whose files in `logs/` are removed before it starts: a stop in between
forgets nothing. The command of a step goes on from where it was stopped itself.
Each process holds a lock that its child inherits: a child that has outlived a
killed parent is waited for, so that no two train in one folder.
"""

import concurrent.futures
import contextlib
import fcntl
import json
import os
import pathlib
import subprocess
import time

from absl import logging

from migan_tf.base import files, locks
from migan_tf.base.command_line import EXIT_SKIPPED
from migan_tf.base.errors import UserError
from migan_tf.utility_study.plan import SYNTHESIS

TAIL = 5  # Lines of a log that are shown, the last ones.


class Runner:
    """Runs cells into an output folder."""

    def __init__(self, output, cells, jobs=1):
        """Makes the folder of the logs.

        Args:
          output: folder of the experiment.
          cells: list of `plan.Cell`.
          jobs: how many cells run at the same time, each on its own cores.

        Raises:
          UserError: the folder cannot be made.
        """
        self._logs = files.make_output(pathlib.Path(output) / "logs")
        self._cells, self._jobs = cells, jobs
        self._steps = [step for cell in cells for step in cell.steps]
        self._children, self._stopped = set(), False

    def run(self) -> None:
        """Runs all steps that are not done.

        Raises:
          UserError: a step failed, whose log is named; or the pairs of
            another experiment are in the way.
        """
        self._check_pools()
        shares = core_shares(self._jobs)
        with locks.sigterm_as_exit(), self._pool() as pool:
            running = [
                pool.submit(self._run_cell, cell, shares)
                for cell in self._cells
            ]
            for future in concurrent.futures.as_completed(running):
                future.result()

    @contextlib.contextmanager
    def _pool(self):
        """Yields threads; at the end it stops children, which save first."""
        pool = concurrent.futures.ThreadPoolExecutor(self._jobs)
        try:
            yield pool
        finally:
            self._stopped = True
            for child in list(self._children):
                with contextlib.suppress(OSError):
                    child.terminate()
            pool.shutdown(cancel_futures=True)

    def _run_cell(self, cell, shares):
        cores = shares.pop()
        try:
            for number, step in enumerate(cell.steps):
                if not self._stopped:
                    self._run_step(step, cores, cell.steps[number:])
        finally:
            shares.append(cores)

    def _run_step(self, step, cores, following):
        """Runs a step that is not done; `following` begins with itself."""
        with self._locked(step) as lock:
            if self._stopped or self._seconds(step) is not None:
                return
            # Later steps have not seen what this one makes anew.
            for each in following:
                self._path(each, "json").unlink(missing_ok=True)
            logging.info("%s: %s", self._progress(step), step.name)
            started, log = time.monotonic(), self._path(step, "log")
            status = self._call(step, cores, log=log, lock=lock)
            if self._stopped:
                return
            allowed = [0, *([EXIT_SKIPPED] if step.kind == SYNTHESIS else [])]
            # Whether its pairs suffice is for the step's own check to say.
            if status not in allowed or not step.result.exists():
                raise UserError(
                    f"step {step.name} ended with status {status}: "
                    f"{_last_lines(log)}\nIts log: {log}. What is done is "
                    "kept: the same command goes on from here, and one with "
                    "other flags needs another --output."
                )
            step.check()
            done = {
                "command": step.command,
                "seconds": round(time.monotonic() - started, 1),
            }
            files.write_text(self._path(step, "json"), json.dumps(done))

    def _call(self, step, cores, log, lock):
        with log.open("ab") as file:
            child = subprocess.Popen(
                step.command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                pass_fds=[lock],
            )
        self._children.add(child)
        if self._stopped:  # It was stopped while the child started.
            child.terminate()
        if self._jobs > 1:
            # Before TensorFlow counts the cores that it may use.
            with contextlib.suppress(OSError):
                os.sched_setaffinity(child.pid, cores)
        try:
            return child.wait()
        finally:
            self._children.discard(child)

    def _progress(self, step):
        done = [self._seconds(each) for each in self._steps]
        left = minutes_left(self._steps, done, self._jobs)
        told = "unknown" if left is None else f"about {left:.0f} min"
        number = self._steps.index(step) + 1
        return f"step {number} of {len(self._steps)} (time left: {told})"

    def _seconds(self, step):
        """Seconds that a step took; None if it is not done by this command."""
        try:
            done = json.loads(self._path(step, "json").read_text())
        except (FileNotFoundError, ValueError):
            return None
        same = done["command"] == [*step.command] and step.result.exists()
        return done["seconds"] if same else None

    @contextlib.contextmanager
    def _locked(self, step):
        """Holds a lock file and yields its descriptor, for a child to inherit.

        The child of an earlier start is waited for, until this one is stopped.
        """
        with self._path(step, "lock").open("w") as file:
            waited = False
            while not self._stopped:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if not waited:
                        logging.info("waiting for %s, begun before", step.name)
                    waited = True
                    time.sleep(0.5)
            yield file.fileno()

    def _path(self, step, suffix):
        return self._logs / f"{step.name.replace('/', '_')}.{suffix}"

    def _check_pools(self):
        """Raises `UserError` where another experiment has made the pairs."""
        for cell in self._cells:
            for step in cell.steps:
                begun = self._path(step, "log").exists()
                if step.kind == SYNTHESIS and cell.pool.exists() and not begun:
                    raise UserError(
                        "--data_dir must hold no pairs of another experiment. "
                        f"Received: {cell.pool}. Give another --data_dir, or "
                        "none, or remove that folder"
                    )


def _last_lines(path):
    """The message that a command ended with, or the end of its log."""
    text = path.read_text("utf-8", "replace").replace("\r", "\n")
    _, found, message = text.rpartition("\nerror: ")
    return "\n".join((message if found else text).splitlines()[-TAIL:])


def minutes_left(steps, done, jobs=1):
    """Estimates the time left: a step takes as long as others of its kind.

    Args:
      steps: list of `plan.Step`.
      done: list of the seconds of each step, None where it is still to be done.
      jobs: how many steps run at the same time.

    Returns:
      Minutes, or None while there is nothing to judge by.
    """
    taken = {}
    for step, seconds in zip(steps, done, strict=True):
        if seconds is not None:
            taken.setdefault(step.kind, []).append(seconds)
    if not taken:
        return None
    means = {kind: sum(row) / len(row) for kind, row in taken.items()}
    usual = sum(means.values()) / len(means)
    left = [
        s for s, seconds in zip(steps, done, strict=True) if seconds is None
    ]
    return sum(means.get(step.kind, usual) for step in left) / jobs / 60


def core_shares(jobs) -> list[set[int]]:
    """Divides the cores of this process among jobs.

    Args:
      jobs: number of shares, which are disjoint while there are enough cores.

    Returns:
      Sets of numbers of cores, none of them empty.
    """
    cores = sorted(os.sched_getaffinity(0))
    return [set(cores[i::jobs]) or set(cores) for i in range(jobs)]
