"""The networks, the optimizers and the two compiled steps of an iteration."""

import dataclasses

import keras
import tensorflow as tf

from migan_tf import layers, losses
from migan_tf.averaging import WeightAverage
from migan_tf.discriminator import build_discriminator


@dataclasses.dataclass
class TrainState:
    """Everything that training changes."""

    network: keras.Model
    network_optimizer: keras.optimizers.Optimizer
    discriminator: keras.Model | None
    discriminator_optimizer: keras.optimizers.Optimizer | None
    step: tf.Variable  # iterations done
    average: WeightAverage | None = None

    def holders(self):
        """{name: network or optimizer that this run has}, in fixed order."""
        return {
            name: value
            for name, value in vars(self).items()
            if name != "step" and value is not None
        }

    def kept_network(self):
        """What is validated and kept: the average, where there is one."""
        return self.average.network if self.average else self.network


def resolve_precision(name):
    """`auto` becomes mixed_float16 on a GPU and float32 without one."""
    if name != "auto":
        return name
    gpus = tf.config.list_logical_devices("GPU")
    return "mixed_float16" if gpus else "float32"


def create_state(config, task, strategy) -> TrainState:
    """Builds networks and optimizers, seeded, inside the strategy's scope."""
    keras.utils.set_random_seed(config.seed)
    synchronized = strategy.num_replicas_in_sync > 1
    policy = resolve_precision(config.mixed_precision)
    updates = config.steps(task.name)
    with strategy.scope(), layers.dtype_policy(policy):
        network = task.build_network(synchronized)
        optimizer = _optimizer(
            network, config, updates * config.generator_steps, policy
        )
        average = None
        if config.average_decay:
            average = WeightAverage(
                task.build_network(synchronized), network, config.average_decay
            )
        discriminator = discriminator_optimizer = None
        if config.discriminator != "none":
            discriminator = build_discriminator(
                config.discriminator,
                config.network_size(task.name),
                config.discriminator_filters,
                synchronized,
            )
            discriminator_optimizer = _optimizer(
                discriminator, config, updates, policy
            )
        step = tf.Variable(0, dtype=tf.int64, name="step", trainable=False)
    return TrainState(
        network,
        optimizer,
        discriminator,
        discriminator_optimizer,
        step,
        average,
    )


def _optimizer(network, config, updates, policy):
    rate = config.learning_rate
    if config.learning_rate_schedule == "cosine":
        warmup = min(config.warmup_steps, updates - 1)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else rate,
            updates - warmup,
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    optimizer = keras.optimizers.Adam(rate, beta_1=config.adam_beta_1)
    if policy == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(network.trainable_variables)
    return optimizer


def make_steps(state, task, strategy):
    """Compiles the two updates of which an iteration is made.

    Args:
      state: from `create_state`.
      task: from `tasks.make_task`.
      strategy: `tf.distribute.Strategy`; the default one for one device.

    Returns:
      (network_step, discriminator_step), each a function of one batch (per
      replica where distributed) that updates its network once and returns
      {name: float32 scalar}, the mean over replicas. discriminator_step is
      None without a discriminator.
    """
    replicas = strategy.num_replicas_in_sync

    def network_step(batch):
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
        norm = _update(
            state.network_optimizer, state.network, tape, scaled, replicas
        )
        weighted = {
            f"weighted/{name}": task.weights[name] * term
            for name, term in terms.items()
        }
        return {**terms, **weighted, "loss": loss, "gradient_norm": norm}

    def discriminator_step(batch):
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
        norm = _update(
            state.discriminator_optimizer, discriminator, tape, scaled, replicas
        )
        return {
            "d_loss": loss,
            "d_real_probability": tf.reduce_mean(tf.sigmoid(real)),
            "d_fake_probability": tf.reduce_mean(tf.sigmoid(fake)),
            "d_gradient_norm": norm,
        }

    def compiled(step, average=None):
        @tf.function
        def run(batch):
            values = strategy.run(step, (batch,))
            if average is not None:
                average.update(strategy, state.network_optimizer.iterations)
            return {
                name: strategy.reduce("MEAN", value, axis=None)
                for name, value in values.items()
            }

        return run

    update_network = compiled(network_step, state.average)
    if state.discriminator is None:
        return update_network, None
    return update_network, compiled(discriminator_step)


def _update(optimizer, network, tape, scaled_loss, replicas):
    """Applies the gradients, or skips them on all replicas; returns norm.

    Keras's loss scaling looks for overflow in each replica's own gradients,
    before they are summed: an overflow on one replica alone would write
    infinities into the weights of all. Every replica is told of it here.
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
