"""A job's blocks on all cores of one machine."""

import concurrent.futures
import multiprocessing
import os
import resource
import signal
import threading
import time
from concurrent.futures.process import BrokenProcessPool

import cv2
from tqdm import tqdm

from migan_tf.errors import UserError
from migan_tf.synthetic_job import make_block
from migan_tf.synthetic_pairs import Maker
from migan_tf.synthetic_store import LocalStore

# One thread a process, on the CPU: the sums of a convolution are then taken in
# one order, whatever the machine has, and no process waits for another one.
ONE_THREAD = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
_here = {}  # What a worker process keeps from block to block.


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def run(plan, root, recipe, blocks, workers):
    """Makes blocks in as many processes, with progress.

    Args:
      plan: the `synthetic_plan.Plan`.
      root: folder of the job.
      recipe: the `synthetic_pairs.Recipe`.
      blocks: their numbers.
      workers: processes.

    Returns:
      Peak memory in MB of the largest process, after each block.

    Raises:
      UserError: what a worker raised, or one was killed.
    """
    os.environ.update(ONE_THREAD)
    context = multiprocessing.get_context("spawn")
    made = context.Value("q", 0)
    pool = concurrent.futures.ProcessPoolExecutor(
        min(workers, len(blocks)),
        context,
        _start,
        (plan, root, recipe, made, os.getpid()),
    )
    total = sum(len(plan.numbers(block)) for block in blocks)
    with tqdm(total=total, desc=plan.name, unit="pair") as bar:
        try:
            futures = _submitted(pool, blocks)
            return _follow(futures, made, bar)
        except BrokenProcessPool as error:
            raise UserError(
                f"--workers={workers}: a worker process was killed, perhaps "
                "for its memory. Give the same command again with fewer "
                "--workers: what is there is kept"
            ) from error
        finally:
            _stop(pool)


def _submitted(pool, blocks):
    """Starts the processes, deaf to Ctrl-C: this one hears it and ends them."""
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return [pool.submit(_block, block) for block in blocks]
    finally:
        signal.signal(signal.SIGINT, heard)


def _follow(futures, made, bar):
    """Moves the bar until all are done or one has failed."""
    peaks, open_ones = [], set(futures)
    while open_ones:
        done, open_ones = concurrent.futures.wait(
            open_ones, 1, concurrent.futures.FIRST_COMPLETED
        )
        bar.update(made.value - bar.n)
        for future in done:
            peaks.append(max([future.result(), *peaks[-1:]]))
            bar.set_postfix_str(f"{peaks[-1]:.0f} MB a process")
    return peaks


def _stop(pool):
    """Ends the workers; a block that was begun is left to the next call."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()


def _start(plan, root, recipe, made, parent):
    """Prepares a worker process; networks are loaded by its first block."""
    cv2.setNumThreads(1)
    _here.update(plan=plan, root=root, recipe=recipe, made=made)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent):
    """Ends this process when the one that started it was killed."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _block(block) -> float:
    """Makes one block; the process's peak memory in MB."""
    if "maker" not in _here:
        _here["maker"] = Maker(_here["recipe"])
    store = LocalStore(_here["root"])
    make_block(_here["plan"], store, _here["maker"], block, _count)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _count():
    with _here["made"].get_lock():
        _here["made"].value += 1
