"""Runs a script of `docs/` as its user does."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(name, *arguments):
    """The finished process of `docs/<name>`, with what it printed."""
    return subprocess.run(
        [sys.executable, ROOT / "docs" / name, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
