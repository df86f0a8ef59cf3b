"""Reads TF_CONFIG, which names the machines of --distribute=multiworker.

What is wrong with it TensorFlow tells late, in other words or never: with an
address given twice its workers wait for each other.
"""

import contextlib
import json
import os
import re
import socket
from typing import NamedTuple

from migan_tf.base.errors import UserError

NAME = "TF_CONFIG"
_CHIEF, _WORKER = _TYPES = ("chief", "worker")
_HOST = r"\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<host>{_HOST}):(?P<port>[1-9][0-9]{{0,4}})")
_LAST_PORT = 65535
_EXAMPLE = (
    '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, '
    '"task": {"type": "worker", "index": 0}}'
)
_SHOWN = 200  # characters of what was received


class Place(NamedTuple):
    """The place of this process among the workers."""

    task_type: str  # chief or worker
    index: int
    has_chief: bool  # whether the cluster names one

    @property
    def is_chief(self) -> bool:
        """Whether this is the worker that writes, validates and saves."""
        return self.task_type == _CHIEF or (
            self.index == 0 and not self.has_chief
        )


def read() -> Place:
    """Reads and checks TF_CONFIG of the environment.

    Raises:
      UserError: it is missing or malformed, or the port of this process is
        taken.
    """
    text = os.environ.get(NAME, "")
    cluster, task_type, index = _parsed(text)
    _check_port_is_free(cluster[task_type][index], text)
    return Place(task_type, index, _CHIEF in cluster)


def _parsed(text):
    """(cluster, type, index) of a TF_CONFIG that can be used."""
    value = _object(_decoded(text), "the whole", text)
    cluster = _object(value.get("cluster"), '"cluster"', text)
    others = sorted(set(cluster) - set(_TYPES))
    if others:
        raise _wrong(
            '"cluster" takes "worker" and "chief" alone, not '
            f"{others[0]!r:.40}",
            text,
        )
    if _WORKER not in cluster:
        raise _wrong('"cluster" must name its "worker"s', text)
    for kind, addresses in cluster.items():
        _check_addresses(kind, addresses, text)
    if len(cluster.get(_CHIEF, ())) > 1:
        raise _wrong('"chief" must be one address', text)
    _check_different(cluster, text)
    if value.get("rpc_layer", "grpc") != "grpc":
        raise _wrong('"rpc_layer" must be "grpc" or left out', text)
    task = _object(value.get("task"), '"task"', text)
    return cluster, *_task(task, cluster, text)


def _decoded(text):
    if not text.strip():
        raise _wrong("it is not set", text)
    try:
        return json.loads(text)
    except RecursionError:
        raise _wrong("it is nested too deep", text) from None
    except ValueError as error:
        raise _wrong(f"it is no JSON ({error})", text) from None


def _object(value, name, text):
    if not isinstance(value, dict):
        raise _wrong(f"{name} must be an object in braces", text)
    return value


def _check_addresses(kind, addresses, text):
    if not isinstance(addresses, list) or not addresses:
        raise _wrong(f'"{kind}" must be a list of addresses', text)
    for address in addresses:
        found = isinstance(address, str) and _ADDRESS.fullmatch(address)
        if not found or int(found["port"]) > _LAST_PORT:
            raise _wrong(
                f'"{kind}": an address must be "host:port" with a port from 1 '
                f"to {_LAST_PORT}, not {address!r:.60}",
                text,
            )


def _check_different(cluster, text):
    known = set()
    for address in (a for addresses in cluster.values() for a in addresses):
        host, _, port = address.lower().rpartition(":")
        host = {"localhost": "127.0.0.1", "[::1]": "127.0.0.1"}.get(host, host)
        if (host, port) in known:
            raise _wrong(f"{address} is given twice", text)
        known.add((host, port))


def _task(task, cluster, text):
    kind, index = task.get("type"), task.get("index")
    if kind not in _TYPES or kind not in cluster:
        raise _wrong(
            f'"type" of "task" must be one of {", ".join(cluster)}, not '
            f"{kind!r:.40}",
            text,
        )
    most = len(cluster[kind]) - 1
    # True and 0.0 are numbers to Python, and no indices.
    if type(index) is not int or not 0 <= index <= most:
        raise _wrong(
            f'"index" of "task" must be a whole number from 0 to {most}, the '
            f'last "{kind}", not {index!r:.40}',
            text,
        )
    return kind, index


def _check_port_is_free(address, text):
    port = int(address.rpartition(":")[2])
    with contextlib.closing(socket.socket()) as probe:
        # One that was closed a moment ago can be had again.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            raise _wrong(
                f"{address} is this worker's own, and its port cannot be "
                f"opened here: {error.strerror}; another process may be this "
                "worker already",
                text,
            ) from None


def _wrong(reason, text):
    shown = repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}…"
    return UserError(
        f"--distribute=multiworker reads the environment variable {NAME}: "
        f"{reason}. Received: {shown}. Next: set it on each worker, for "
        f"example {NAME}='{_EXAMPLE}'"
    )
