"""Times an iteration with and without the style terms for `style_step`."""

import dataclasses
import time

import numpy as np
import tensorflow as tf

from benchmarks import iteration_timing
from migan_tf.data import batches as data_batches
from migan_tf.data import photographs
from migan_tf.training import distribution
from migan_tf.training.state import create_state
from migan_tf.training.step import make_steps
from migan_tf.training.style import StyleSetup


def compare(config, rounds) -> dict:
    """Times one iteration of every variant in turn.

    Args:
      config: the `Config` of a style run.
      rounds: number of rounds that are timed, after one that is not.

    Returns:
      {variant: {seconds, ratio to the first variant, vgg19_seconds}}; all are
      medians over the rounds.
    """
    strategy = distribution.make_strategy(config)
    examples = [
        data_batches.network_example(p, config.image_size, config.geometry)
        for p in photographs.load(photographs.Source.of(config), "train")
    ]
    batches = data_batches.training_batches(
        examples, config, task="synthesis", first_batch=0, last_batch=1
    )
    batch = next(iter(batches))
    size = config.vgg19_size or config.image_size
    variants = {
        "L1": dataclasses.replace(config, deviation="l1"),
        f"style, VGG-19 at {size}²": config,
    }
    if size != config.image_size:
        variants[f"style, VGG-19 at {config.image_size}²"] = (
            dataclasses.replace(config, vgg19_size=0)
        )
    timed = {
        name: _timed(variant, strategy, batch)
        for name, variant in variants.items()
    }
    seconds = {name: [] for name in timed}
    for _ in range(rounds + 1):  # The first round compiles.
        for name, work in timed.items():
            seconds[name].append([_seconds(part) for part in work])
    seconds = {name: np.array(rows)[1:] for name, rows in seconds.items()}
    first = seconds["L1"][:, 0]
    return {
        name: {
            "seconds": np.median(rows[:, 0]),
            "ratio": np.median(rows[:, 0] / first),
            "vgg19_seconds": np.median(rows[:, 1]),
        }
        for name, rows in seconds.items()
    }


def _timed(config, strategy, batch):
    """Returns two functions: an iteration, and VGG-19's part of it."""
    task = iteration_timing.timed_task("synthesis", config)
    steps = make_steps(create_state(config, task, strategy), task, strategy)

    def iteration():
        iteration_timing.iterate(config, steps, batch=lambda: batch, count=1)

    if task.style is None:
        return iteration, lambda: None
    vgg19 = StyleSetup(config).vgg19

    @tf.function
    def passes(fundus):
        """Does what `StyleObjective.terms` and its gradient ask of VGG-19."""
        with tf.GradientTape() as tape:
            tape.watch(fundus)
            features, content = vgg19.features(fundus)
            total = tf.add_n([tf.reduce_sum(f) for f in [*features, content]])
        # Both are returned, since what is not used is not computed.
        return tape.gradient(total, fundus), vgg19.content(fundus)

    def vgg19_alone():
        for _ in range(config.generator_steps):
            passes(batch["fundus"])

    return iteration, vgg19_alone


def _seconds(work) -> float:
    start = time.perf_counter()
    work()
    tf.test.experimental.sync_devices()
    return time.perf_counter() - start
