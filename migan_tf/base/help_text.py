"""The text of --help: what a command does, how it is called, its flags.

The flags stand in the order in which their dataclass has them, which is that
of the work, below the topics that the first field of each names.
"""

import dataclasses
import textwrap

from migan_tf.base import settings

WIDTH, COLUMN = 80, 30
_ENDING = (
    "Besides: --flagfile=FILE reads flags from a file, one a line; "
    "--helpfull has the flags of the libraries, too."
)


def describe(docstring, kinds) -> str:
    """The text of --help.

    Args:
      docstring: of the command's module: a line on what it does, then how it
        is called.
      kinds: the dataclasses of its settings.
    """
    parts = [(docstring or "").strip()]
    for kind in kinds:
        for topic, fields in by_topic(kind):
            rows = [row for one in fields for row in _rows(one)]
            parts.append("\n".join([f"{topic}:", *rows]))
    parts.append(textwrap.fill(_ENDING, WIDTH))
    return "\n\n".join(parts) + "\n"


def by_topic(kind) -> list[tuple[str, list]]:
    """[(topic, its fields)] of a dataclass, in its order."""
    topics = []
    for one in dataclasses.fields(kind):
        topic = one.metadata["topic"]
        if topic or not topics:
            topics.append((topic or "Flags", []))
        topics[-1][1].append(one)
    return topics


def _rows(one) -> list[str]:
    left = f"  {_with_default(one)}:"
    told = settings.help_of(one) + (
        " Default: yes." if one.default is True else ""
    )
    text = textwrap.wrap(told, WIDTH - COLUMN)
    if len(left) > COLUMN - 2:
        return [left, *(" " * COLUMN + line for line in text)]
    first, *others = text
    return [
        left.ljust(COLUMN) + first,
        *(" " * COLUMN + line for line in others),
    ]


def _with_default(one) -> str:
    """The flag as it is given, with its default where it has one."""
    if one.type is bool:
        return f"--[no]{one.name}"
    value = one.default
    if isinstance(value, tuple):
        value = ",".join(value)
    if value is None or value == "":
        return f"--{one.name}=…"
    return f"--{one.name}={value}"
