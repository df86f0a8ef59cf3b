"""Tells a caller in Python what the program tells at a command line.

Every check is written once, for the command line: `--seed must be at least 0.
Received: …`. A setting has one name everywhere, so that the words for a caller
in Python follow from these: the flag `--seed` is the argument `seed`. Only two
folders of maps are named otherwise, where the maps themselves are given.
"""

import contextlib
import re

from migan_tf.base.errors import (
    ArgumentError,
    ArgumentTypeError,
    NotFoundError,
    UserError,
)

# A command to run stays as it is, with its flags and the words for values.
_WITH_VALUE = r"--(?:'[^']*'|\S)+"  # Quotes stand about a path with blanks.
_COMMAND = (
    rf"python -m \S+(?: (?:{_WITH_VALUE}|[a-z]+\b(?= --)|[A-Z_…]{{2,}}))*"
)
_FLAG = re.compile(
    rf"(?P<command>{_COMMAND})"
    r"|(?<![\w-])--(?P<name>[a-z]\w*)(?P<equals>=?)"
)
_OTHERWISE = {"predictions": "probabilities", "ground_truth": "vessel_maps"}
_OURS = (ArgumentError, ArgumentTypeError, NotFoundError)


@contextlib.contextmanager
def of_python():
    """Raises what a caller in Python expects for each `UserError` inside.

    Raises:
      ArgumentError: in place of a `UserError`, in the words of an API.
    """
    try:
        yield
    except _OURS:
        raise
    except UserError as error:
        # With its cause, but without the same in the command line's words.
        raise ArgumentError(in_python(str(error))) from error.__cause__


def in_python(text) -> str:
    """A message about flags as one about arguments.

    Args:
      text: such as "--seed must be 0 with --model=a".

    Returns:
      The same as "`seed` must be 0 with model=a".
    """
    return _FLAG.sub(_argument, text)


def _argument(found):
    if found["command"]:
        return found["command"]
    name = _OTHERWISE.get(found["name"], found["name"])
    return f"{name}=" if found["equals"] else f"`{name}`"
