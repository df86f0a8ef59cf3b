"""Runs a job of many pairs on this machine, on all of its cores.

`beam` runs the same job as a pipeline; the files are the same to the byte.
"""

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

from migan_tf.base.errors import UserError
from migan_tf.synthesis import job, summary
from migan_tf.synthesis.pairs import Maker
from migan_tf.synthesis.recipe import exit_status, plan_job
from migan_tf.synthesis.store import LocalStore


def run(settings, generator) -> int:
    """Makes this machine's share of a job, or what is missing of it.

    Args:
      settings: `flags.Settings`.
      generator: `model_folder.ModelFolder` of the network that paints.

    Returns:
      Exit status: 0, or 1 when files of --vessel_maps were passed over or
      fewer pairs were made than were asked for.

    Raises:
      UserError: flags, data or the folder are at fault.
    """
    part = job.parse_shard(settings.shard)
    output = settings.output
    if "://" in output:
        raise UserError(
            "--output must be a folder of this machine. Received: "
            f"{output}. Next: python -m migan_tf.synthesize_beam, "
            "which takes the same flags"
        )
    plan, recipe, identity = plan_job(settings, generator)
    store = LocalStore(output)
    job.claim(store, identity)
    missing = set(job.missing(plan, store))
    blocks = [b for b in plan.of_shard(*part) if b in missing]
    if blocks:
        started = time.monotonic()
        peaks = make_blocks(
            plan,
            output,
            recipe=recipe,
            blocks=blocks,
            # One for each core that this process may use.
            workers=settings.workers or len(os.sched_getaffinity(0)),
        )
        print(
            _cost(plan, blocks, seconds=time.monotonic() - started, peaks=peaks)
        )
    left = len(job.missing(plan, store))
    if left:
        print(
            f"shard {settings.shard} is done; {left} of {plan.blocks} blocks "
            f"are still missing in {output}. When all machines' files are in "
            "one folder, the same command with any --shard finishes them"
        )
        return exit_status(settings)
    counts = summary.finish(plan, store)
    print(f"{summary.describe(counts)}\n{output}")
    return exit_status(settings, counts)


def make_blocks(plan, root, recipe, blocks, workers):
    """Makes blocks in several processes and shows a progress bar.

    Args:
      plan: the `job.Plan`.
      root: folder of the job.
      recipe: the `recipe.Recipe`.
      blocks: numbers of the blocks.
      workers: number of processes, at most.

    Returns:
      For each block, as they were finished, the peak memory in MB of the
      largest process until then.

    Raises:
      UserError: what a worker raised, or a worker was killed.
    """
    os.environ.update(job.ONE_THREAD)
    context = multiprocessing.get_context("spawn")
    made = context.Value("q", 0)
    pool = concurrent.futures.ProcessPoolExecutor(
        min(workers, len(blocks)),
        context,
        initializer=_start,
        initargs=(plan, root, recipe, made, os.getpid()),
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


def _cost(plan, blocks, seconds, peaks) -> str:
    """What the blocks cost, as a line of text."""
    count = sum(len(plan.numbers(block)) for block in blocks)
    # A tenth of the job has been through every size of array that there is.
    early = peaks[len(peaks) // 10]
    return (
        f"{count} pairs in {seconds:.0f} s, {count / seconds:.2f} a second; "
        f"peak memory of a process {early:.0f} MB after a tenth of the "
        f"blocks, {peaks[-1]:.0f} MB at the end"
    )


def _submitted(pool, blocks):
    """Starts the processes, deaf to Ctrl-C: this one hears it and ends them."""
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return [pool.submit(_make, block) for block in blocks]
    finally:
        signal.signal(signal.SIGINT, heard)


def _follow(futures, made, bar):
    """Moves the bar until all blocks are made or one has failed."""
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


# What runs in a worker process, and what it keeps from block to block.

_here = {}


def _start(plan, root, recipe, made, parent):
    """Prepares a worker process; its first block loads the networks."""
    cv2.setNumThreads(1)
    _here.update(plan=plan, root=root, recipe=recipe, made=made)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent):
    """Ends this process when the one that started it was killed."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _make(block) -> float:
    """Makes one block and returns the process's peak memory in MB."""
    if "maker" not in _here:
        _here["maker"] = Maker(_here["recipe"])
    store = LocalStore(_here["root"])
    job.make_block(
        _here["plan"], store, maker=_here["maker"], block=block, made=_count
    )
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _count():
    with _here["made"].get_lock():
        _here["made"].value += 1
