"""Measures seconds and bytes of a run's iterations for `iteration`."""

import pathlib
import resource
import time

import keras
import numpy as np
import tensorflow as tf

from migan_tf.data import batches as data_batches
from migan_tf.data import photographs
from migan_tf.models.build import build_network
from migan_tf.training import distribution
from migan_tf.training import style as training_style
from migan_tf.training.state import create_state, resolve_precision
from migan_tf.training.step import make_steps
from migan_tf.training.tasks import make_task
from migan_tf.training.validation import make_validation


def tasks(config, iterations, warmup):
    """Yields (task, figures of `measure`) for what --task names."""
    strategy = distribution.make_strategy(config)
    if config.deterministic:  # The trainer does the same.
        keras.utils.set_random_seed(config.seed)
        tf.config.experimental.enable_op_determinism()
    images = [
        photographs.load(photographs.Source.of(config), split)
        for split in ("train", "validation")
    ]
    for name in config.tasks():
        yield (
            name,
            measure(
                config,
                name,
                strategy=strategy,
                images=images,
                iterations=iterations,
                warmup=warmup,
            ),
        )


def timed_task(name, config):
    """Makes the task; the segmenter of a style run is an untrained one."""
    style = None
    if name == "synthesis" and config.deviation == "style":
        segmenter = build_network(config, "segmentation")
        style = training_style.StyleSetup(config).objective(segmenter)
    return make_task(name, config, style)


def measure(config, name, strategy, images, iterations, warmup) -> dict:
    """Times one task.

    Args:
      config: the `Config`.
      name: `segmentation` or `synthesis`.
      strategy: the `tf.distribute.Strategy`.
      images: two lists, the training and the validation `Photograph`s.
      iterations: number of iterations that are timed.
      warmup: number of iterations before each series that are not.

    Returns:
      {name: value}: seconds, shares of an iteration, bytes, the devices.
    """
    training, held_out = images
    task = timed_task(name, config)
    state = create_state(config, task, strategy)
    examples = [
        data_batches.network_example(p, config.image_size, config.geometry)
        for p in training
    ]
    validate = make_validation(
        config,
        task,
        state=state,
        photographs=held_out,
        training_examples=examples,
    )
    steps = make_steps(state, task, strategy)
    per_iteration = config.generator_steps + (steps[1] is not None)

    def batches(count):
        worker, workers, replicas = distribution.worker(strategy)
        return iter(
            strategy.distribute_datasets_from_function(
                lambda _: data_batches.training_batches(
                    examples,
                    config,
                    task=name,
                    first_batch=0,
                    last_batch=count * per_iteration,
                    worker=worker,
                    workers=workers,
                    replicas=replicas,
                )
            )
        )

    constant = next(batches(1))
    iterate(config, steps, batch=lambda: constant, count=warmup)
    # The series of constant batches stands before and after the live one, so
    # that a slow change of the machine's load cancels out.
    before = iterate(
        config, steps, batch=lambda: constant, count=(iterations + 1) // 2
    )
    live = batches(warmup + iterations)
    lively = iterate(
        config, steps, batch=lambda: next(live), count=warmup + iterations
    )
    lively = lively[warmup:].sum(axis=1)
    after = iterate(
        config, steps, batch=lambda: constant, count=iterations // 2
    )
    still = np.concatenate([before, after])
    constant_seconds = np.median(still.sum(axis=1))
    alone = input_seconds(batches(warmup + iterations), per_iteration, warmup)
    validate()  # Training does, and it takes memory.
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
        "precision": resolve_precision(config.mixed_precision),
        "devices": [d.name for d in tf.config.list_physical_devices()],
    }


def iterate(config, steps, batch, count):
    """Runs `count` iterations on batches that `batch()` gives.

    Returns:
      (count,2) seconds of all network updates and of the discriminator's.
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
    """Returns the seconds of an iteration's input with nothing beside it.

    They are a mean and no median: a pipeline that works ahead gives some
    batches at once and lets others wait.
    """
    for _ in range(warmup * per_iteration):
        next(batches)
    start = time.perf_counter()
    count = sum(1 for _ in batches)
    return (time.perf_counter() - start) / count * per_iteration


def peak_resident_bytes() -> int:
    """Returns the most memory that this process has held so far."""
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
    # Other systems; this counts what the shell held before it became Python.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
