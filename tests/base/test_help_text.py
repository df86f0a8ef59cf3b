"""What --help prints: uses first, then the flags by topic."""

import dataclasses
import pathlib
import re
import subprocess
import sys

import pytest

from migan_tf.base import commands, help_text
from migan_tf.base.config import Config
from migan_tf.base.settings import field

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Oven:
    """An example."""

    bread: str = field(topic="Dough", default="", help="What is baked.")
    sizes: tuple[str, ...] = field(default=("a", "b"), help="Sizes.")
    degrees: int = field(topic="Heat", default=220, help="In °C.")
    fan: bool = field(default=True, help="Move the air.")
    light: bool = field(default=False, help="Switch it on.")
    a_name_that_is_long_indeed: str = field(
        default="x", help="Its value. " * 9, choices=("x", "y")
    )


def test_flags_stand_below_their_topics_in_their_order():
    text = help_text.describe("Bakes.\n\n  bake --bread=RYE\n", [Oven])
    begin = text.partition("Besides:")[0]
    assert begin.startswith("Bakes.\n\n  bake --bread=RYE\n\nDough:\n")
    found = re.findall(r"^(?:  (--\S+):|(\w+):)", begin, re.MULTILINE)
    assert ["".join(pair) for pair in found] == [
        "Dough",
        "--bread=…",
        "--sizes=a,b",
        "Heat",
        "--degrees=220",
        "--[no]fan",
        "--[no]light",
        "--a_name_that_is_long_indeed=x",
    ]
    assert "x | y: Its value." in begin
    assert all(len(line) <= 80 for line in text.splitlines())


def test_train_has_all_its_flags_by_topic():
    topics = dict(help_text.by_topic(Config))
    assert next(iter(topics)).startswith("What is trained")
    names = [one.name for fields in topics.values() for one in fields]
    assert names == [one.name for one in dataclasses.fields(Config)]
    assert [one.name for one in topics["Networks"]][:2] == [
        "generator",
        "segmenter",
    ]
    assert max(map(len, topics.values())) <= 20


@pytest.mark.parametrize("command", commands.modules())
def test_help_of_every_command(command):
    done = subprocess.run(
        [sys.executable, "-m", commands.modules()[command], "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].endswith(".") and any("python -m" in x for x in lines[:9])
    assert re.search(r"^  --\S+", done.stdout, re.MULTILINE)
    assert "Traceback" not in done.stdout and str(ROOT) not in done.stdout
