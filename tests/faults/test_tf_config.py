"""Every way in which TF_CONFIG can be wrong is told before TensorFlow loads."""

import json
import os
import socket
import subprocess
import sys

import pytest

from migan_tf.base.errors import UserError
from migan_tf.training import tf_config

WORKERS = ["one:2222", "two:2222"]


def config(cluster=None, **task):
    cluster = {"worker": WORKERS} if cluster is None else cluster
    return {"cluster": cluster, "task": {"type": "worker", "index": 0, **task}}


def of_workers(*addresses):
    return config({"worker": list(addresses)})


MALFORMED = {
    "unset": ("", "not set"),
    "blank": (" \n", "not set"),
    "no JSON": ("worker 0", "no JSON"),
    "cut JSON": (json.dumps(config())[:-4], "no JSON"),
    "null": ("null", "the whole must be an object"),
    "list": ([], "the whole must be an object"),
    "number": (3, "the whole must be an object"),
    "text": ('"worker"', "the whole must be an object"),
    "deep nesting": ("[" * 100_000, "nested too deep"),
    "empty": ({}, '"cluster" must be an object'),
    "no cluster": ({"task": config()["task"]}, '"cluster" must be an object'),
    "cluster null": (
        {"cluster": None, "task": config()["task"]},
        '"cluster" must be',
    ),
    "cluster a list": (config(WORKERS), '"cluster" must be an object'),
    "cluster empty": (config({}), 'must name its "worker"s'),
    "chief alone": (config({"chief": ["a:1"]}), 'must name its "worker"s'),
    "role ps": (config({"worker": WORKERS, "ps": ["p:1"]}), "not 'ps'"),
    "role evaluator": (
        config({"worker": WORKERS, "evaluator": ["e:1"]}),
        "not 'evaluator'",
    ),
    "role unknown": (config({"worker": WORKERS, "x" * 99: []}), "not 'xxx"),
    "two chiefs": (
        config({"worker": WORKERS, "chief": ["a:1", "b:1"]}),
        '"chief" must be one address',
    ),
    "no workers": (of_workers(), '"worker" must be a list'),
    "workers null": (config({"worker": None}), '"worker" must be a list'),
    "workers a text": (config({"worker": "one:1"}), '"worker" must be a list'),
    "workers an object": (
        config({"worker": {"0": "one:1"}}),
        '"worker" must be a list',
    ),
    "address a number": (of_workers(2222), "not 2222"),
    "address null": (of_workers(None), "not None"),
    "address empty": (of_workers(""), "not ''"),
    "no port": (of_workers("one"), "not 'one'"),
    "no host": (of_workers(":2222"), "not ':2222'"),
    "port empty": (of_workers("one:"), "not 'one:'"),
    "port 0": (of_workers("one:0"), "not 'one:0'"),
    "port 99999": (of_workers("one:99999"), "not 'one:99999'"),
    "port 65536": (of_workers("one:65536"), "not 'one:65536'"),
    "port a word": (of_workers("one:http"), "not 'one:http'"),
    "port negative": (of_workers("one:-1"), "not 'one:-1'"),
    "port with a fraction": (of_workers("one:22.5"), "not 'one:22.5'"),
    "port of other digits": (of_workers("one:٢٢"), "not 'one:"),
    "a space": (of_workers("one: 2222"), "not 'one: 2222'"),
    "a URL": (of_workers("grpc://one:2222"), "not 'grpc://one:2222'"),
    "twice": (of_workers("one:2222", "one:2222"), "one:2222 is given twice"),
    "twice, other case": (of_workers("one:1", "ONE:1"), "ONE:1 is given twice"),
    "twice, other name": (
        of_workers("localhost:1", "127.0.0.1:1"),
        "127.0.0.1:1 is given twice",
    ),
    "chief and worker": (
        config({"worker": WORKERS, "chief": ["one:2222"]}),
        "one:2222 is given twice",
    ),
    "no task": ({"cluster": {"worker": WORKERS}}, '"task" must be an object'),
    "task a list": (
        {"cluster": {"worker": WORKERS}, "task": ["worker", 0]},
        '"task" must be an object',
    ),
    "type missing": (
        {"cluster": {"worker": WORKERS}, "task": {"index": 0}},
        "not None",
    ),
    "type unknown": (config(type="master"), "not 'master'"),
    "type a list": (config(type=["worker"]), r"not \['worker'\]"),
    "type evaluator": (config(type="evaluator"), "not 'evaluator'"),
    "type not there": (config(type="chief"), "not 'chief'"),
    "index missing": (
        {"cluster": {"worker": WORKERS}, "task": {"type": "worker"}},
        "not None",
    ),
    "index negative": (config(index=-1), "from 0 to 1.*not -1"),
    "index too large": (config(index=2), "from 0 to 1.*not 2"),
    "index 0.5": (config(index=0.5), "not 0.5"),
    "index 0.0": (config(index=0.0), "not 0.0"),
    "index a text": (config(index="0"), "not '0'"),
    "index true": (config(index=True), "not True"),
    "index NaN": (config(index=float("nan")), "not nan"),
    "other protocol": ({**config(), "rpc_layer": "http"}, '"rpc_layer" must'),
}


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value)


@pytest.mark.parametrize("value, words", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_one_is_refused_in_words(monkeypatch, value, words):
    monkeypatch.setenv("TF_CONFIG", as_text(value))
    with pytest.raises(UserError, match=words) as caught:
        tf_config.read()
    message = str(caught.value)
    assert "TF_CONFIG" in message and "Received: " in message
    assert "Next: " in message and len(message) < 1000


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("task, chief", [("chief", True), ("worker", False)])
def test_the_chief_writes(monkeypatch, task, chief):
    own = f"127.0.0.1:{free_port()}"
    cluster = {"worker": [own, "two:2222"], "chief": ["three:1"]}
    if chief:
        cluster = {"worker": ["one:1", "two:2222"], "chief": [own]}
    value = {**config(cluster, type=task), "environment": "cloud"}
    monkeypatch.setenv("TF_CONFIG", json.dumps(value))
    assert tf_config.read() == (task, 0, True)
    assert tf_config.read().is_chief == chief


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "a-b.example.com", "LOCALHOST"]
)
@pytest.mark.parametrize("index", [0, 1])
def test_without_a_chief_the_first_worker_is_it(monkeypatch, host, index):
    workers = ["other:1"]
    workers.insert(index, f"{host}:{free_port()}")
    value = config({"worker": workers}, index=index)
    monkeypatch.setenv("TF_CONFIG", json.dumps(value))
    assert tf_config.read().is_chief == (index == 0)


def test_a_port_that_is_taken_is_said(monkeypatch):
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        own = f"127.0.0.1:{other.getsockname()[1]}"
        monkeypatch.setenv("TF_CONFIG", json.dumps(of_workers(own, "two:1")))
        with pytest.raises(UserError, match=f"{own} is this.*already in use"):
            tf_config.read()


def test_training_is_refused_before_tensorflow_is_loaded(tmp_path):
    program = """
import runpy, sys
sys.argv = ["train", *sys.argv[1:]]
try:
    runpy.run_module("migan_tf.train", run_name="__main__")
finally:
    print("tensorflow" in sys.modules)
"""
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            program,
            f"--workdir={tmp_path}/run",
            "--distribute=multiworker",
        ],
        env={**os.environ, "TF_CONFIG": '{"cluster": 1}'},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 2, result.stderr
    assert result.stdout == "False\n"
    assert result.stderr.startswith("error: --distribute=multiworker")
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "run").exists()
