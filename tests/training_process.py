"""A training in a process of its own, to be stopped and started again."""

import subprocess
import sys


def start(*flags, **keywords):
    """A `subprocess.Popen` of `python -m migan_tf.train` with flags."""
    return subprocess.Popen(
        [sys.executable, "-m", "migan_tf.train", *flags],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        **keywords,
    )


def finish(process):
    """(exit status, what it wrote to stderr) of one that ends by itself."""
    errors = process.communicate(timeout=600)[1]
    return process.returncode, errors
