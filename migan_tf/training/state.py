"""The networks and the optimizers of a run: all that training changes."""

import dataclasses

import keras
import tensorflow as tf

from migan_tf.models import layers
from migan_tf.models.build import build_network
from migan_tf.models.discriminator import build_discriminator


class WeightAverage:
    """A network whose weights follow those of another."""

    def __init__(self, network, followed, decay):
        """Begins at the other's weights.

        Args:
          network: Keras model that takes the average.
          followed: built like `network`; the one that is trained.
          decay: in (0,1), the share of the old average that each update
            keeps. The n-th update keeps at most (1 + n) / (10 + n), so that
            the first weights are soon forgotten.
        """
        self.network, self._followed, self._decay = network, followed, decay
        network.set_weights(followed.get_weights())

    @property
    def variables(self):
        """The Keras variables to save."""
        return self.network.variables

    def update(self, strategy, updates) -> None:
        """Moves the average; call it outside of `strategy.run`.

        Args:
          strategy: `tf.distribute.Strategy` of both networks.
          updates: scalar tensor, the updates of the other network so far.
        """
        n = tf.cast(updates, tf.float32)
        rate = 1.0 - tf.minimum(self._decay, (1.0 + n) / (10.0 + n))
        pairs = zip(self.network.weights, self._followed.weights, strict=True)
        for mine, theirs in pairs:
            strategy.extended.update(
                mine.value,
                lambda old, new: old.assign_add((new - old) * rate),
                args=(theirs.value,),
            )


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
        network = build_network(config, task.name, synchronized)
        optimizer = _optimizer(
            network,
            config.learning_rate,
            config=config,
            updates=updates * config.generator_steps,
            policy=policy,
        )
        average = None
        if config.average_decay:
            average = WeightAverage(
                build_network(config, task.name, synchronized),
                network,
                config.average_decay,
            )
        discriminator = discriminator_optimizer = None
        if config.discriminator != "none":
            discriminator = build_discriminator(
                config.discriminator,
                config.network_size(task.name),
                base_filters=config.discriminator_filters,
                synchronized=synchronized,
            )
            rate = config.discriminator_learning_rate or config.learning_rate
            discriminator_optimizer = _optimizer(
                discriminator,
                rate,
                config=config,
                updates=updates,
                policy=policy,
            )
        step = tf.Variable(0, dtype=tf.int64, name="step", trainable=False)
    return TrainState(
        network,
        optimizer,
        discriminator=discriminator,
        discriminator_optimizer=discriminator_optimizer,
        step=step,
        average=average,
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
