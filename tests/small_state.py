"""A training of two small layers, whose checkpoints tests damage."""

import keras
import numpy as np
import tensorflow as tf

from migan_tf.training.state import TrainState


def make_state(seed):
    keras.utils.set_random_seed(seed)
    network = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(2),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
        ]
    )
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build(network.trainable_variables)
    step = tf.Variable(0, dtype=tf.int64)
    return TrainState(
        network,
        optimizer,
        discriminator=None,
        discriminator_optimizer=None,
        step=step,
    )


def train(state, steps):
    """Dropout and BatchNorm included, so that all kinds of state matter."""
    x = tf.constant(np.random.default_rng(0).normal(size=(8, 3)), tf.float32)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(state.network(x, training=True) ** 2)
        variables = state.network.trainable_variables
        gradients = tape.gradient(loss, variables)
        state.network_optimizer.apply(gradients, variables)
        state.step.assign_add(1)
    return loss.numpy()
