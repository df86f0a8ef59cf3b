"""What setup.py passes to setuptools, and which models it ships."""

import contextlib
import pathlib
import re
import runpy
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[1]


def setup_arguments() -> dict:
    """Runs setup.py without letting it set anything up."""
    received = {}
    with mock.patch("setuptools.setup", received.update):
        with contextlib.chdir(ROOT):
            runpy.run_path("setup.py")
    return received


def shipped_models() -> list[str]:
    """Names of the folders of export/models/ that a wheel holds."""
    patterns = setup_arguments()["package_data"]["migan_tf.export"]
    found = [re.match(r"models/(\w+)/", pattern) for pattern in patterns]
    return sorted(match[1] for match in found if match)
