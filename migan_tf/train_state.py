"""The networks and the optimizers of a run: all that training changes."""

import dataclasses

import keras
import tensorflow as tf

from migan_tf import layers
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

    def optimizer_scalars(self):
        """{name: float} of learning rate and, where scaled, loss scales."""
        rows = {"learning_rate": self.network_optimizer.learning_rate}
        for key, optimizer in (
            ("loss_scale", self.network_optimizer),
            ("d_loss_scale", self.discriminator_optimizer),
        ):
            if hasattr(optimizer, "dynamic_scale"):
                rows[key] = optimizer.dynamic_scale
        return {name: float(value.numpy()) for name, value in rows.items()}


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
            network,
            config.learning_rate,
            config,
            updates * config.generator_steps,
            policy,
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
            rate = config.discriminator_learning_rate or config.learning_rate
            discriminator_optimizer = _optimizer(
                discriminator, rate, config, updates, policy
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


def _optimizer(network, rate, config, updates, policy):
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
