"""This program's side of `step_time`, which starts it with a case's name."""

import dataclasses
import sys

import keras
import numpy as np
import tensorflow as tf

from benchmarks.step_time_cases import CASES, answer
from migan_tf.base.config import Config
from migan_tf.training.state import create_state
from migan_tf.training.step import make_steps
from migan_tf.training.tasks import make_task


def make_step(case):
    """Returns a function that makes one update as the trainer does."""
    names = {field.name for field in dataclasses.fields(Config)}
    config = Config(**{k: v for k, v in case.items() if k in names})
    keras.utils.set_random_seed(0)
    tf.config.experimental.enable_op_determinism()
    strategy = tf.distribute.get_strategy()
    task = make_task(config.task, config)
    state = create_state(config, task, strategy)
    rng = np.random.default_rng(0)
    side, batch = config.image_size, config.batch_size
    shapes = {
        "fundus": (side, side, 3),
        "standardized_fundus": (side, side, 3),
        "vessel_map": (side, side, 1),
        "fov_mask": (side, side, 1),
        "noise": (config.noise_size,),
    }
    values = {
        name: tf.constant(rng.random((batch, *shape)), tf.float32)
        for name, shape in shapes.items()
    }
    network_step, discriminator_step = make_steps(state, task, strategy)
    step = network_step
    if case.get("update") == "discriminator":
        step = discriminator_step
    return lambda: {k: v.numpy() for k, v in step(values).items()}


if __name__ == "__main__":
    answer(make_step(CASES[sys.argv[1]]))
