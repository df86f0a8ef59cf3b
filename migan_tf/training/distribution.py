"""One device, several, or several machines: the tf.distribute strategy."""

import json
import os
from typing import NamedTuple

import tensorflow as tf

from migan_tf.base.errors import UserError


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


def _make(config):
    if config.distribute == "none":
        return tf.distribute.get_strategy()
    if config.distribute == "mirrored":
        # Devices are named: without a GPU the default is the first CPU alone.
        gpus = tf.config.list_logical_devices("GPU")
        devices = gpus or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([d.name for d in devices])
    _check_tf_config()
    return tf.distribute.MultiWorkerMirroredStrategy()


def _check_tf_config():
    text = os.environ.get("TF_CONFIG", "")
    try:
        value = json.loads(text)
        value["cluster"]["worker"], value["task"]["type"]
        int(value["task"]["index"])
    except (ValueError, KeyError, TypeError):
        raise UserError(
            "--distribute=multiworker needs the environment variable "
            'TF_CONFIG, for example {"cluster": {"worker": ["host1:2222", '
            '"host2:2222"]}, "task": {"type": "worker", "index": 0}}. '
            f"Received: {text!r}"
        ) from None
