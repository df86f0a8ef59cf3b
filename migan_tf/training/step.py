"""The two updates of which an iteration is made, each compiled once."""

import tensorflow as tf

from migan_tf.models import losses
from migan_tf.training import joint_step
from migan_tf.training.gradients import apply_gradients
from migan_tf.training.tasks import ResidualSynthesis


def make_steps(state, task, strategy):
    """Compiles the update of the network and that of the discriminator.

    Args:
      state: from `state.create_state`.
      task: from `tasks.make_task`.
      strategy: `tf.distribute.Strategy`; the default one for one device.

    Returns:
      (network_step, discriminator_step): functions of one batch (per replica
      where distributed). Each updates its network once and returns {name:
      float32 scalar}, the means over replicas. Without a discriminator, and
      where the first updates both networks, the second is None.
    """
    if isinstance(task, ResidualSynthesis):
        joint = _compiled(
            joint_step.update_both,
            state,
            task=task,
            strategy=strategy,
            average=True,
        )
        return joint, None
    network_step = _compiled(
        _update_network, state, task=task, strategy=strategy, average=True
    )
    if state.discriminator is None:
        return network_step, None
    return network_step, _compiled(
        _update_discriminator, state, task=task, strategy=strategy
    )


def _update_network(state, task, batch, replicas):
    """Minimises Eq. 3, 6 or 12 on a batch; returns what is logged of it."""
    with tf.GradientTape() as tape:
        output = task.forward(state.network, batch, training=True)
        terms = task.terms(batch, output)
        if state.discriminator is not None:
            logits = state.discriminator(
                task.fake_pair(batch, output), training=True
            )
            terms["adversarial_loss"] = losses.adversarial_loss(logits)
        loss = losses.objective(terms, task.weights)
        scaled = state.network_optimizer.scale_loss(loss / replicas)
    norm = apply_gradients(
        state.network_optimizer,
        state.network,
        tape=tape,
        scaled_loss=scaled,
        replicas=replicas,
    )
    weighted = {
        f"weighted/{name}": task.weights[name] * term
        for name, term in terms.items()
    }
    return {**terms, **weighted, "loss": loss, "gradient_norm": norm}


def _update_discriminator(state, task, batch, replicas):
    """Minimises Eq. 4 on a batch; returns what is logged of it."""
    output = task.forward(state.network, batch, training=True)
    fake_pair = [tf.stop_gradient(x) for x in task.fake_pair(batch, output)]
    discriminator = state.discriminator
    with tf.GradientTape() as tape:
        real = discriminator(
            [batch["fundus"], batch["vessel_map"]], training=True
        )
        fake = discriminator(fake_pair, training=True)
        loss = losses.discriminator_loss(real, fake)
        scaled = state.discriminator_optimizer.scale_loss(loss / replicas)
    norm = apply_gradients(
        state.discriminator_optimizer,
        discriminator,
        tape=tape,
        scaled_loss=scaled,
        replicas=replicas,
    )
    return {
        "d_loss": loss,
        "d_real_probability": tf.reduce_mean(tf.sigmoid(real)),
        "d_fake_probability": tf.reduce_mean(tf.sigmoid(fake)),
        "d_gradient_norm": norm,
    }


def _compiled(update, state, task, strategy, average=False):
    """`update` as a function of a batch, on all replicas.

    Args:
      update: `_update_network` or `_update_discriminator`.
      state: from `state.create_state`.
      task: from `tasks.make_task`.
      strategy: `tf.distribute.Strategy`.
      average: whether the averaged weights, where there are any, follow.
    """
    replicas = strategy.num_replicas_in_sync

    def on_each_replica(batch):
        return update(state, task, batch=batch, replicas=replicas)

    @tf.function
    def step(batch):
        values = strategy.run(on_each_replica, (batch,))
        if average and state.average is not None:
            state.average.update(strategy, state.network_optimizer.iterations)
        return {
            name: strategy.reduce("MEAN", value, axis=None)
            for name, value in values.items()
        }

    return step
