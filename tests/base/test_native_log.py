"""Which lines of the libraries are passed on, and that Python's all are."""

import os
import subprocess
import sys

import pytest

from migan_tf.base import native_log

TIME = "0000 00:00:1795867669.478690   14560"
NOISE = f"""\
WARNING: All log messages before absl::InitializeLog() is called are written
I{TIME} port.cc:153] oneDNN custom operations are on.
I{TIME} cudart_stub.cc:31] Could not find cuda drivers on your machine
W{TIME} gpu_device.cc:2433] TensorFlow was not built with CUDA kernels
E{TIME} cuda_platform.cc:52] failed call to cuInit: UNKNOWN ERROR (303)
E{TIME} cuda_dnn.cc:8579] Unable to register cuDNN factory: Attempting
E{TIME} computation_placer.cc:177] computation placer already registered. Please
E{TIME} meta_optimizer.cc:966] layout failed: INVALID_ARGUMENT: Size of values \
0 does not match size of permutation 4 @ fanin shape
E{TIME} node_def_util.cc:682] NodeDef mentions attribute use_unbounded_threadp\
ool which is not in the op definition: Op<name=MapDataset
2025-01-02 03:04:05.678: I tensorflow/core/util/port.cc:153] oneDNN
2025-01-02 03:04:05.678: W tensorflow/core/a.cc:1] Something
To enable the following instructions: AVX2 FMA, in other operations, rebuild \
TensorFlow with the appropriate compiler flags.
""".splitlines(keepends=True)
NEWS = f"""\
E{TIME} cuda_platform.cc:52] failed call to cuInit: CUDA_ERROR_SYSTEM_DRIVER_MIS
E{TIME} cuda_dnn.cc:460] Loaded runtime CuDNN library: 9.1 but source was
F{TIME} tensor.cc:9] Check failed: dtype() == expected_dtype
I1128 12:13:11.721847 140677652736896 prepared.py:241] Building phantom/demo
error: --size is wrong. Received: 3
Traceback (most recent call last):
  0%|          | 0/12
""".splitlines(keepends=True)
PROGRAM = """
import os, sys, types
sys.modules.pop("tensorflow", None)
from migan_tf.base import native_log
native_log.hush()
try:
    import tensorflow.no_such_module
except ImportError:
    pass
os.write(2, {native!r})
print("of Python", file=sys.stderr, flush=True)
{end}
"""


@pytest.mark.parametrize("line", NOISE)
def test_noise(line):
    assert native_log.NOISE.match(line.encode())


@pytest.mark.parametrize("line", NEWS)
def test_news(line):
    assert not native_log.NOISE.match(line.encode())


def call(end="", level=None, places=""):
    native = "".join(NOISE + NEWS).encode() + b"half a line"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["", places])}
    environment.pop(native_log.LEVEL, None)
    if level:
        environment[native_log.LEVEL] = level
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(native=native, end=end)],
        capture_output=True,
        env=environment,
        timeout=60,
    )


@pytest.fixture
def no_tensorflow(tmp_path):
    """A folder with an empty module of that name, which imports at once."""
    (tmp_path / "tensorflow.py").write_text("")
    return str(tmp_path)


def test_all_but_noise_reaches_stderr(no_tensorflow):
    done = call(places=no_tensorflow)
    lines = done.stderr.decode()
    assert done.returncode == 0
    assert "of Python\n" in lines and "half a line" in lines
    for line in NEWS:
        assert line in lines
    for line in NOISE:
        assert line not in lines


def test_the_last_words_of_a_crash_are_heard(no_tensorflow):
    done = call("os.abort()", places=no_tensorflow)
    assert done.returncode < 0
    assert "Check failed" in done.stderr.decode()


@pytest.mark.parametrize("level", ["0", "1"])
def test_who_asks_sees_all(no_tensorflow, level):
    text = call(level=level, places=no_tensorflow).stderr.decode()
    assert all(line in text for line in NOISE + NEWS)
