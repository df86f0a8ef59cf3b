"""The words of the command line as those of an API."""

import ast
import pathlib

import pytest

from migan_tf.api import words
from migan_tf.base.errors import ArgumentError, NotFoundError, UserError

PACKAGE = pathlib.Path(__file__).resolve().parents[1] / "migan_tf"
# What a call from Python can end in.
REACHED = [
    *PACKAGE.glob("inference/*.py"),
    *(PACKAGE / "base" / f"{n}.py" for n in ("config_checks", "settings")),
    *(PACKAGE / "base" / f"{n}.py" for n in ("image_files", "map_values")),
    PACKAGE / "evaluation" / "scored_image.py",
]


@pytest.mark.parametrize(
    "text, expected",
    [
        (
            "--seed must be at least 0. Received: -1",
            "`seed` must be at least 0. Received: -1",
        ),
        (
            "of --generator=delta, --noise_stddev=0.5",
            "of generator=delta, noise_stddev=0.5",
        ),
        (
            "--predictions and --ground_truth are exchanged",
            "`probabilities` and `vessel_maps` are exchanged",
        ),
        ("either --workdir, or (--model)", "either `workdir`, or (`model`)"),
        # Commands stay commands.
        (
            "Export one: python -m migan_tf export --workdir=RUN",
            "Export one: python -m migan_tf export --workdir=RUN",
        ),
        (
            "--a=1. Next: python -m migan_tf.segment PHOTO --output=DIR, or "
            "give --b",
            "a=1. Next: python -m migan_tf.segment PHOTO --output=DIR, or "
            "give `b`",
        ),
        ("a--b and -- and 1--2", "a--b and -- and 1--2"),
    ],
)
def test_a_flag_becomes_an_argument(text, expected):
    assert words.in_python(text) == expected


def messages():
    """The texts of `raise UserError(…)`, an x for each value in them."""
    for path in REACHED:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Raise) or node.exc is None:
                continue
            parts = [
                part.value if isinstance(part, ast.Constant) else "x"
                for part in ast.walk(node.exc)
                if isinstance(part, ast.Constant | ast.FormattedValue)
                and not isinstance(getattr(part, "value", 0), ast.Constant)
            ]
            yield path.name, "".join(p for p in parts if isinstance(p, str))


def test_no_message_that_a_caller_meets_keeps_a_flag():
    met = list(messages())
    assert len(met) > 30
    for name, text in met:
        for told in words.in_python(text).split("python -m ")[:1]:
            assert "--" not in told, f"{name}: {text}"


def test_an_error_is_that_of_python_and_of_the_program():
    cause = OSError("disk")
    with pytest.raises(ValueError, match="^`size` is wrong$") as caught:
        with words.of_python():
            raise UserError("--size is wrong") from cause
    assert isinstance(caught.value, UserError)
    # The command line's words are no part of the traceback.
    assert caught.value.__cause__ is cause
    assert caught.value.__suppress_context__


def test_an_error_of_python_stays_as_it_is():
    for kind, python in (
        (ArgumentError, ValueError),
        (NotFoundError, FileNotFoundError),
    ):
        with pytest.raises(python, match="^--not a flag$"):
            with words.of_python():
                raise kind("--not a flag")
    with pytest.raises(ZeroDivisionError):
        with words.of_python():
            print(1 / 0)
