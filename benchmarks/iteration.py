"""Times the iterations of a flagfile, its input pipeline and its memory.

  python -m benchmarks.iteration --flagfile=experiments/drive.flags \
      --manual_dir=DIR [--task=synthesis] [--iterations=20] [--json=FILE]

Trains networks of random weights for a few iterations and writes nothing but
the JSON file. benchmarks/README.md says what each line of the table means.
"""

import dataclasses
import json
import os
import pathlib
import resource
import time

import migan_tf  # Chooses TensorFlow's settings, so it comes before it.

# isort: split
import keras
import numpy as np
import tensorflow as tf
from absl import flags

from migan_tf import config_flags, data, distribution, entry, files
from migan_tf import photographs as photos
from migan_tf.config import TASKS
from migan_tf.tasks import make_task
from migan_tf.train_step import create_state, make_steps, resolve_precision
from migan_tf.validation import make_validation

INPUT_LIMIT = 0.05  # of an iteration

_ITERATIONS = flags.DEFINE_integer("iterations", 20, "Timed ones.", 2)
_WARMUP = flags.DEFINE_integer("warmup", 3, "Untimed ones before.", 1)
_JSON = flags.DEFINE_string("json", "", "File for the figures, if any.")


def measure(config, name, strategy, images, iterations, warmup) -> dict:
    """Times one task.

    Args:
      config: the `Config`.
      name: `segmentation` or `synthesis`.
      strategy: the `tf.distribute.Strategy`.
      images: training and validation `Photograph`s, two lists.
      iterations: how many are timed.
      warmup: how many are not, before each series.

    Returns:
      {name: number}; seconds, shares of an iteration, bytes.
    """
    training, held_out = images
    task = make_task(name, config)
    state = create_state(config, task, strategy)
    examples = [
        data.network_example(p, config.image_size, config.geometry)
        for p in training
    ]
    validate = make_validation(config, task, held_out, examples)
    steps = make_steps(state, task, strategy)
    per_iteration = config.generator_steps + (steps[1] is not None)

    def batches(count):
        span = (0, count * per_iteration, *distribution.worker(strategy))
        return iter(
            strategy.distribute_datasets_from_function(
                lambda _: data.training_batches(examples, config, name, *span)
            )
        )

    constant = next(batches(1))
    iterate(config, steps, lambda: constant, warmup)
    # The series of constant batches stands before and after the live one, so
    # that a slow change of the machine's load cancels out.
    before = iterate(config, steps, lambda: constant, (iterations + 1) // 2)
    live = batches(warmup + iterations)
    lively = iterate(config, steps, lambda: next(live), warmup + iterations)
    lively = lively[warmup:].sum(axis=1)
    after = iterate(config, steps, lambda: constant, iterations // 2)
    still = np.concatenate([before, after])
    constant_seconds = np.median(still.sum(axis=1))
    alone = input_seconds(batches(warmup + iterations), per_iteration, warmup)
    validate(state.network)  # as training does now and then, for the memory
    return {
        "network_updates": config.generator_steps,
        "network_seconds": np.median(still[:, 0]),
        "discriminator_seconds": np.median(still[:, 1]),
        "constant_iteration_seconds": constant_seconds,
        "live_iteration_seconds": np.median(lively),
        "live_iteration_5_to_95": np.percentile(lively, (5, 95)).tolist(),
        "input_seconds": alone,
        "input_share": alone / constant_seconds,
        "live_over_constant": np.median(lively) / constant_seconds - 1.0,
        "peak_resident_bytes": peak_resident_bytes(),
    }


def iterate(config, steps, batch, count):
    """Runs `count` iterations on batches that `batch()` gives.

    Returns:
      (count,2) seconds: all network updates, and the discriminator's update.
    """
    network_step, discriminator_step = steps
    rows = []
    for _ in range(count):
        start = time.perf_counter()
        for _ in range(config.generator_steps):
            network_step(batch())
        tf.test.experimental.sync_devices()
        middle = time.perf_counter()
        if discriminator_step is not None:
            discriminator_step(batch())
            tf.test.experimental.sync_devices()
        rows.append((middle - start, time.perf_counter() - middle))
    return np.array(rows)


def input_seconds(batches, per_iteration, warmup) -> float:
    """Seconds of an iteration's input with nothing else running.

    The mean, not the median: a pipeline that works ahead gives some batches
    at once and lets others wait.
    """
    for _ in range(warmup * per_iteration):
        next(batches)
    start = time.perf_counter()
    count = sum(1 for _ in batches)
    return (time.perf_counter() - start) / count * per_iteration


def peak_resident_bytes() -> int:
    """The most memory that this process has held so far."""
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
    # Elsewhere, though it counts what the shell held before it became this.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def table(title, found) -> str:
    """What is printed of one task."""
    share, live = found["input_share"], found["live_over_constant"]
    verdict = "within" if share < INPUT_LIMIT else "ABOVE"
    low, high = found["live_iteration_5_to_95"]
    lines = [f"\n{title}"]
    for text, key, note in (
        (f"network, all {found['network_updates']} updates", "network", ""),
        ("discriminator update", "discriminator", ""),
        ("iteration, constant batch", "constant_iteration", ""),
        ("iteration, live input", "live_iteration", f"{live:+.1%}"),
        ("input on its own", "input", f"{share:.1%}, {verdict} 5 %"),
    ):
        seconds = found[f"{key}_seconds"]
        lines.append(f"  {text:<27}{seconds:9.4f} s  {note}".rstrip())
    peak = found["peak_resident_bytes"] / 1e9
    lines.append(f"  {'90 % of live iterations':<27}{low:9.4f} to {high:.4f} s")
    lines.append(f"  {'peak memory of the process':<27}{peak:9.2f} GB")
    return "\n".join(lines)


def main(argv):
    """Checks the flags, measures, prints."""
    entry.no_arguments(argv)
    config = config_flags.from_flags()
    load = os.getloadavg()[0]
    strategy = distribution.make_strategy(config)
    if config.deterministic:  # as the trainer does
        keras.utils.set_random_seed(config.seed)
        tf.config.experimental.enable_op_determinism()
    images = [photos.load(config, split) for split in ("train", "validation")]
    precision = resolve_precision(config.mixed_precision)
    results = {}
    for name in TASKS if config.task == "both" else (config.task,):
        results[name] = measure(
            config, name, strategy, images, _ITERATIONS.value, _WARMUP.value
        )
        size = f"{config.network_size(name)}²"
        title = f"{name}, {size}, batch {config.batch_size}, {precision}"
        print(table(title, results[name]), flush=True)
    report = {
        "tasks": results,
        "load_average_before": load,
        "cores": os.cpu_count(),
        "devices": [d.name for d in tf.config.list_physical_devices()],
        "precision": precision,
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS"),
        "version": migan_tf.__version__,
        "config": dataclasses.asdict(config),
    }
    print(f"\nload average before: {load:.1f}, {report['cores']} cores")
    if _JSON.value:
        files.write_text(_JSON.value, json.dumps(report, indent=1))


if __name__ == "__main__":
    config_flags.define_flags()
    flags.FLAGS.set_default("workdir", "(none)")  # nothing is written there
    entry.run(main)
