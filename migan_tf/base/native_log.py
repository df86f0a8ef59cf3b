"""Keeps TensorFlow's talk at its start, of which nothing follows, off stderr.

Its libraries write straight to the process's stderr, some before a level of
TF_CPP_MIN_LOG_LEVEL counts. A second process, which is this file as a program,
passes on all that they write but lines that are known to mean nothing; being
one of its own it also passes on what a crash says last. What Python writes
does not go through it.
"""

import importlib.abc
import os
import re
import signal
import subprocess
import sys

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# "E0000 00:00:1795867679.355546 14560 file.cc:52] " or with a date before it.
_HEAD = (
    rb"(?:%s\d{4} [\d:.]+ +\d+ |\d{4}-\d\d-\d\d [\d:.]+: %s )"
    rb"\S+[.](?:cc|cu|h):\d+\] "
)
_INFO = _HEAD % (b"[IW]", b"[IW]")
_NO_ERRORS = rb"|".join(
    (
        rb".*failed call to cuInit.*(?:\(303\)|NO_DEVICE|no CUDA-capable)",
        rb"Unable to register cu\w+ (?:factory|plugin)",
        rb".*computation placer already registered",
        rb"layout failed: INVALID_ARGUMENT: Size of values 0 does not match",
        rb"remapper failed: INVALID_ARGUMENT: Mutation::Apply error",
        rb"NodeDef mentions attribute \w+ which is not in the op definition",
    )
)
NOISE = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog"
    rb"|To enable the following instructions: .*, rebuild TensorFlow"
    rb"|" + _INFO + rb"|" + _HEAD % (b"E", b"E") + rb"(?:" + _NO_ERRORS + rb")"
)


def hush() -> None:
    """Has stderr filtered from the import of TensorFlow on.

    Whoever has set TF_CPP_MIN_LOG_LEVEL to 0 or 1 sees all.
    """
    if os.environ.get(LEVEL, "2") not in ("0", "1"):
        sys.meta_path.insert(0, _BeforeTensorFlow())


class _BeforeTensorFlow(importlib.abc.MetaPathFinder):
    """Finds nothing, but sees when TensorFlow is looked for."""

    def find_spec(self, fullname, path, target=None):
        del path, target
        if fullname == "tensorflow":
            sys.meta_path.remove(self)
            _filter_stderr()
        return None


def _filter_stderr():
    """Puts the filter before file descriptor 2, but not before `sys.stderr`."""
    from absl import logging

    try:
        sys.stderr.flush()
        direct = os.dup(2)
        filtering = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=direct,
            start_new_session=True,  # Ctrl-C is not for it.
        )
    except (OSError, ValueError):
        return  # All is shown.
    os.dup2(filtering.stdin.fileno(), 2)
    filtering.stdin.close()
    filtering.returncode = 0  # It ends by itself; nobody waits for it.
    sys.stderr = open(  # noqa: SIM115
        direct, "w", buffering=1, encoding="utf-8", errors="backslashreplace"
    )
    logging.get_absl_handler().python_handler.stream = sys.stderr


def main():
    """Copies stdin to stdout without the lines that are `NOISE`."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    left = b""
    while piece := os.read(0, 65536):
        # A bar of progress ends its lines with a carriage return.
        *lines, left = re.split(rb"(?<=[\r\n])", left + piece)
        os.write(1, b"".join(x for x in lines if not NOISE.match(x)))
    os.write(1, b"" if NOISE.match(left) else left)


if __name__ == "__main__":
    main()
