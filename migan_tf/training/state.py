"""What training changes: networks, their optimizers and averaged weights."""

import dataclasses

import keras
import tensorflow as tf

from migan_tf.models import layers, style_code
from migan_tf.models.build import build_judge, build_network


@dataclasses.dataclass
class TrainState:
    """Everything that the training of one task changes."""

    network: keras.Model  # the generator or the segmenter
    network_optimizer: keras.optimizers.Optimizer
    discriminator: keras.Model | None
    discriminator_optimizer: keras.optimizers.Optimizer | None
    step: tf.Variable  # the number of iterations done, int64
    average: "WeightAverage | None" = None

    def holders(self):
        """The networks, optimizers and averages of this run, by their names.

        Returns:
          {name: object with `variables`}, always in the same order.
        """
        return {
            name: value
            for name, value in vars(self).items()
            if name != "step" and value is not None
        }

    def kept_network(self):
        """What is validated and kept: the average, or the network without one.

        Returns:
          Keras model.
        """
        return self.average.network if self.average else self.network

    def set_statistics(self, codes, fov_share) -> None:
        """Tells --generator=delta what is drawn and not learned.

        Args:
          codes: (N,style_code.SIZE), the styles of the training photographs.
          fov_share: (64,64,1), the share of them that shows the retina.
        """
        averaged = [self.average.network] if self.average else []
        for network in (self.network, *averaged):
            network.get_layer("drawn_style").set_weights(
                [*style_code.statistics(codes), fov_share]
            )

    def optimizer_scalars(self):
        """The learning rate and, where losses are scaled, their scales.

        Returns:
          {name: float} with `learning_rate`, and `loss_scale` and
          `d_loss_scale` under float16.
        """
        rows = {"learning_rate": self.network_optimizer.learning_rate}
        for key, optimizer in (
            ("loss_scale", self.network_optimizer),
            ("d_loss_scale", self.discriminator_optimizer),
        ):
            if hasattr(optimizer, "dynamic_scale"):
                rows[key] = optimizer.dynamic_scale
        return {name: float(value.numpy()) for name, value in rows.items()}


def create_state(config, task, strategy) -> TrainState:
    """Builds the networks and optimizers of a task from the run's seed.

    Args:
      config: the `Config`.
      task: from `tasks.make_task`.
      strategy: `tf.distribute.Strategy`, in whose scope all is made.
    """
    keras.utils.set_random_seed(config.seed)
    iterations = config.steps(task.name)
    synchronized = strategy.num_replicas_in_sync > 1
    policy = resolve_precision(config.mixed_precision)
    average = discriminator = discriminator_optimizer = None
    with strategy.scope(), layers.dtype_policy(policy):
        network = build_network(config, task.name, synchronized)
        network_optimizer = _optimizer(
            network,
            config.learning_rate,
            config=config,
            updates=iterations * config.generator_steps,
        )
        if config.average_decay:
            average = WeightAverage(
                build_network(config, task.name, synchronized),
                network,
                config.average_decay,
            )
        if config.discriminator != "none":
            discriminator = build_judge(config, task.name, synchronized)
            discriminator_optimizer = _optimizer(
                discriminator,
                config.discriminator_learning_rate or config.learning_rate,
                config=config,
                updates=iterations,
            )
        step = tf.Variable(0, dtype=tf.int64, name="step", trainable=False)
    return TrainState(
        network,
        network_optimizer,
        discriminator=discriminator,
        discriminator_optimizer=discriminator_optimizer,
        step=step,
        average=average,
    )


def resolve_precision(name):
    """Names the dtype policy that --mixed_precision asks for.

    Args:
      name: a policy of Keras, or `auto` for mixed_float16 on a GPU and float32
        without one.

    Returns:
      The policy's name.
    """
    if name != "auto":
        return name
    gpus = tf.config.list_logical_devices("GPU")
    return "mixed_float16" if gpus else "float32"


class WeightAverage:
    """A network whose weights are an average of those of another in training.

    It is the exponential moving average of Polyak and Juditsky (1992).
    """

    def __init__(self, network, followed, decay):
        """Begins at the other's weights.

        Args:
          network: Keras model that takes the average.
          followed: the Keras model that is trained, built like `network`.
          decay: in (0,1), the share of the old average that each update
            keeps. The n-th update keeps no more than (1 + n) / (10 + n), so
            that the first weights are soon forgotten.
        """
        self.network, self._followed, self._decay = network, followed, decay
        network.set_weights(followed.get_weights())

    @property
    def variables(self):
        """The Keras variables to save."""
        return self.network.variables

    def update(self, strategy, updates) -> None:
        """Moves the average; to be called outside of `strategy.run`.

        Args:
          strategy: `tf.distribute.Strategy` of both networks.
          updates: scalar tensor, how often the other network was updated.
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


def _optimizer(network, rate, config, updates):
    """Adam for all of a network's updates, in the scope of the dtype policy."""
    if config.learning_rate_schedule == "cosine":
        warmup = min(config.warmup_steps, updates - 1)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else rate,
            updates - warmup,
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    optimizer = keras.optimizers.Adam(rate, beta_1=config.adam_beta_1)
    if keras.config.dtype_policy().name == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(network.trainable_variables)
    return optimizer
