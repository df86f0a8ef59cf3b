"""One device, several, or several machines: the tf.distribute strategy."""

import contextlib
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from migan_tf.base.errors import UserError
from migan_tf.training import tf_config


def make_strategy(config):
    """Makes the strategy of --distribute, before any other use of TensorFlow.

    Args:
      config: the `Config`; with `multiworker` the cluster is read from the
        environment variable TF_CONFIG.

    Returns:
      `tf.distribute.Strategy`.

    Raises:
      UserError: the replicas do not divide the batch, TF_CONFIG is missing or
        malformed, or TensorFlow is already running.
    """
    try:
        if config.virtual_cpu_devices:
            tf.config.set_logical_device_configuration(
                tf.config.list_physical_devices("CPU")[0],
                [tf.config.LogicalDeviceConfiguration()]
                * config.virtual_cpu_devices,
            )
        strategy = _make(config)
    except RuntimeError as error:
        raise UserError(
            f"--distribute={config.distribute} must be set up before "
            f"TensorFlow is used in this process: {error}"
        ) from error
    replicas = strategy.num_replicas_in_sync
    if config.batch_size % replicas:
        raise UserError(
            f"--batch_size must be a multiple of the {replicas} replicas of "
            f"--distribute={config.distribute}. Received: {config.batch_size}"
        )
    return strategy


class Worker(NamedTuple):
    """This process among those that train together."""

    number: int  # 0 … workers - 1
    workers: int
    replicas: int  # those of this process

    @property
    def is_chief(self):
        """Whether this is the worker that writes, validates and saves."""
        return self.number == 0


def worker(strategy) -> Worker:
    """Which worker of a strategy this process is.

    Args:
      strategy: `tf.distribute.Strategy`.
    """
    resolver = strategy.cluster_resolver
    workers = 1
    if resolver is not None and resolver.task_type:
        spec = resolver.cluster_spec().as_dict()
        workers = len(spec.get("worker", ())) + len(spec.get("chief", ()))
    if workers == 1:
        return Worker(0, 1, strategy.num_replicas_in_sync)
    number = resolver.task_id
    if resolver.task_type == "worker" and "chief" in spec:
        number += 1
    return Worker(number, workers, strategy.num_replicas_in_sync // workers)


def check_same_start(strategy, step, weights_sha256) -> None:
    """Compares with what all workers begin, before the first iteration.

    Workers that do not see the chief's checkpoints would begin anew with
    others' weights, and what they train together would be worth nothing.

    Args:
      strategy: `tf.distribute.Strategy`.
      step: the number of iterations done.
      weights_sha256: of all variables that training changes.

    Raises:
      UserError: they differ; on every worker.
    """
    here = worker(strategy)
    if here.workers == 1:
        return
    digest = np.frombuffer(bytes.fromhex(weights_sha256), np.uint32)
    rows = np.zeros((here.workers, 1 + len(digest)), np.int64)
    rows[here.number] = [step, *digest]
    found = _sum_over_workers(strategy, rows, here.replicas)
    if (found == found[0]).all():
        return
    # Whoever leaves first takes the others' answer along: all meet again.
    with contextlib.suppress(tf.errors.OpError):
        _sum_over_workers(strategy, rows, here.replicas)
    starts = [
        f"worker {number}: step {row[0]}, weights "
        f"{row[1:].astype(np.uint32).tobytes().hex():.12}…"
        for number, row in enumerate(found)
    ]
    raise UserError(
        "--distribute=multiworker: the workers do not go on from the same "
        f"checkpoint. {'; '.join(starts)}. All must find the chief's "
        "--workdir: give one on a common disk, or copy the chief's to the "
        "others. Next: then start all workers again with the same commands"
    )


def _sum_over_workers(strategy, rows, replicas):
    """The sum of what the workers have, an int64 array, on all of them."""

    @tf.function
    def total():
        context = tf.distribute.get_replica_context()
        return context.all_reduce("SUM", tf.constant(rows))

    sums = strategy.experimental_local_results(strategy.run(total))
    return sums[0].numpy() // replicas  # each replica has added the same


def _make(config):
    if config.distribute == "none":
        return tf.distribute.get_strategy()
    if config.distribute == "mirrored":
        # Devices are named: without a GPU the default is the first CPU alone.
        gpus = tf.config.list_logical_devices("GPU")
        devices = gpus or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([d.name for d in devices])
    tf_config.read()
    return tf.distribute.MultiWorkerMirroredStrategy()
