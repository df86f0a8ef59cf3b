"""Applies gradients so that all replicas agree on what is skipped."""

import tensorflow as tf


def apply_gradients(optimizer, network, tape, scaled_loss, replicas):
    """Applies the gradients, or skips them on all replicas; returns their norm.

    Keras's loss scaling looks for overflow in each replica's own gradients,
    before they are summed: an overflow on one replica alone would write
    infinities into the weights of all. Here every replica is told of it.
    """
    variables = network.trainable_variables
    gradients = tape.gradient(scaled_loss, variables)
    scale = optimizer.scale_loss(tf.constant(1.0)) / replicas
    norm = tf.linalg.global_norm(gradients) / scale
    if replicas > 1:
        context = tf.distribute.get_replica_context()
        overflow = 1.0 - tf.cast(tf.math.is_finite(norm), tf.float32)
        overflow = context.all_reduce("SUM", overflow)
        poison = tf.where(overflow > 0, float("inf"), 0.0)
        gradients = [g + tf.cast(poison, g.dtype) for g in gradients]
    optimizer.apply(gradients, variables)
    return norm
