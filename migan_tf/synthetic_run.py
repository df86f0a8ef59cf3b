"""A job of many pairs on one machine, from its flags to its summary."""

import pathlib
import time

from migan_tf import (
    model_folder,
    synthetic_job,
    synthetic_plan,
    synthetic_recipe,
    synthetic_summary,
    synthetic_workers,
)
from migan_tf.errors import UserError
from migan_tf.synthetic_store import LocalStore


def run(values, generator, shard, workers) -> int:
    """Makes this machine's share of a job, or what is missing of it.

    Args:
      values: {flag of `synthetic_flags`: value}.
      generator: folder of the network that paints.
      shard: i/n.
      workers: processes; 0 is one for each core.

    Returns:
      Exit status 0.

    Raises:
      UserError: flags, data or the folder at fault.
    """
    part = synthetic_plan.parse_shard(shard)
    if "://" in values["output"]:
        raise UserError(
            "--output must be a folder of this machine. Received: "
            f"{values['output']}. Next: python -m migan_tf.synthesize_beam, "
            "which takes the same flags"
        )
    plan, recipe, settings, size = synthetic_recipe.make(
        values, generator, reader_of(values)
    )
    store = LocalStore(values["output"])
    synthetic_job.claim(store, settings)
    missing = set(synthetic_job.missing(plan, store))
    blocks = [b for b in plan.of_shard(*part) if b in missing]
    if blocks:
        started = time.monotonic()
        peaks = synthetic_workers.run(
            plan,
            values["output"],
            recipe,
            blocks,
            workers or synthetic_workers.cores(),
        )
        print(_cost(plan, blocks, time.monotonic() - started, peaks))
    left = len(synthetic_job.missing(plan, store))
    if left:
        print(
            f"shard {shard} is done; {left} of {plan.blocks} blocks are still "
            f"missing in {values['output']}. When all machines' files are in "
            "one folder, the same command with any --shard finishes them"
        )
        return 0
    summary = synthetic_summary.finish(plan, store, size)
    print(f"{synthetic_summary.describe(summary)}\n{values['output']}")
    return 0


def reader_of(values):
    """Folder of the segmenter of the gate.

    --reader, or the one of --workdir, or the one that comes along.
    """
    if values["reader"]:
        folder, _ = model_folder.find(
            "segmentation", "", values["reader"], "reader"
        )
        return folder
    if values["workdir"]:
        own = pathlib.Path(values["workdir"], "segmentation")
        if (own / model_folder.WEIGHTS).exists():
            return own
    return model_folder.find("segmentation", "", "")[0]


def _cost(plan, blocks, seconds, peaks) -> str:
    count = sum(len(plan.numbers(block)) for block in blocks)
    # A tenth of the job has been through every size of array that there is.
    early = peaks[len(peaks) // 10]
    return (
        f"{count} pairs in {seconds:.0f} s, {count / seconds:.2f} a second; "
        f"peak memory of a process {early:.0f} MB after a tenth of the "
        f"blocks, {peaks[-1]:.0f} MB at the end"
    )
