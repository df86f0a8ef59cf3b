"""Two small networks and a batch for them, for tests of single updates."""

import dataclasses

import numpy as np
import tensorflow as tf

from migan_tf.base.config import Config
from migan_tf.training.state import create_state
from migan_tf.training.step import make_steps
from migan_tf.training.tasks import make_task

CONFIG = Config(
    image_size=64,
    segmenter="unet",
    unet_depth=2,
    segmenter_filters=4,
    base_filters=4,
    discriminator="patch80",
    discriminator_filters=4,
    batch_size=2,
    noise_size=8,
    segmentation_steps=10,
    synthesis_steps=10,
)


def make_batch(seed=0, size=64):
    rng = np.random.default_rng(seed)
    shapes = {"fundus": 3, "standardized_fundus": 3, "vessel_map": 1}
    batch = {
        name: rng.uniform(0, 1, (2, size, size, channels))
        for name, channels in shapes.items()
    }
    batch["fov_mask"] = np.ones((2, size, size, 1))
    batch["noise"] = rng.normal(size=(2, 8))
    return {k: tf.constant(v, tf.float32) for k, v in batch.items()}


def make(name, style=None, **settings):
    config = dataclasses.replace(CONFIG, **settings)
    task = make_task(name, config, style)
    strategy = tf.distribute.get_strategy()
    state = create_state(config, task, strategy)
    return state, task, make_steps(state, task, strategy)


def weights_of(network):
    return [v.numpy().copy() for v in network.trainable_variables]


def moved(before, network):
    after = weights_of(network)
    return [np.abs(a - b).max() for a, b in zip(after, before, strict=True)]
