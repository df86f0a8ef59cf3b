"""Dataclasses of settings, their flags, and what single values must fulfil."""

import dataclasses
import functools
import types

import pytest
from absl import flags

from migan_tf.base import settings
from migan_tf.base.errors import UserError
from migan_tf.base.settings import field


@dataclasses.dataclass(frozen=True)
class Example:
    name: str = field(default="a", help="A name.", choices=("a", "b"))
    place: str = field(default="", help="A place.", place=True)
    places: tuple[str, ...] = field(
        default=(), help="Places.", place=True, repeated=True
    )
    numbers: tuple[str, ...] = field(default=("1", "2"), help="Numbers.")
    count: int = field(default=3, help="A count.", minimum=1)
    share: float = field(default=0.5, help="A share.", minimum=0, maximum=1)
    most: float | None = field(default=None, help="A bound.", minimum=0)
    loud: bool = field(default=False, help="Noise.")


@pytest.fixture
def parse(monkeypatch):
    """Parses a command line of `Example` with flags of its own."""
    values = flags.FlagValues()
    kinds = "string boolean integer float list multi_string alias".split()
    own = {
        f"DEFINE_{kind}": functools.partial(
            getattr(flags, f"DEFINE_{kind}"), flag_values=values
        )
        for kind in kinds
    }
    stand_in = types.SimpleNamespace(FLAGS=values, **own)
    monkeypatch.setattr(settings, "flags", stand_in)
    settings.define(Example, aliases=[("former_count", "count")])

    def parse(*arguments):
        values(["program", *arguments])
        return settings.read(Example)

    return parse


def test_without_flags_the_defaults_are_read(parse):
    assert parse() == Example()
    assert settings.given(Example) == set()


def test_each_kind_of_flag_reaches_its_field(parse):
    found = parse(
        "--name=b", "--places=x", "--places=y", "--numbers=7,8", "--count=5",
        "--share=0.25", "--most=9", "--loud",
    )  # fmt: skip
    assert found == Example(
        "b", "", ("x", "y"), ("7", "8"), count=5, share=0.25, most=9.0,
        loud=True,
    )  # fmt: skip
    assert "count" in settings.given(Example)
    assert "place" not in settings.given(Example)


def test_a_former_name_is_an_alias(parse):
    assert parse("--former_count=8").count == 8


def test_a_tilde_in_a_place_is_the_home(parse, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    found = parse("--place=~/run", "--places=~/a", "--places=b")
    assert found.place == "/home/somebody/run"
    assert found.places == ("/home/somebody/a", "b")


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("--name=c", "--name must be one of a, b. Received: 'c'"),
        ("--count=0", "--count must be at least 1. Received: 0"),
        ("--share=1.5", "--share must lie between 0 and 1. Received: 1.5"),
        ("--share=nan", "--share must lie between 0 and 1. Received: nan"),
        ("--most=-1", "--most must be at least 0 and finite. Received: -1.0"),
        ("--most=inf", "--most must be at least 0 and finite. Received: inf"),
    ],
)
def test_a_value_out_of_bounds_is_named(parse, argument, words):
    with pytest.raises(UserError) as caught:
        parse(argument)
    assert str(caught.value) == words
