"""The exceptions whose texts are written for the person who can act on them."""

import shlex


def quoted(path) -> str:
    """A path as it stands in a command that is told, to be pasted.

    Every path inside such a command goes through here: it may hold blanks,
    quotes, brackets or line ends.
    """
    return shlex.quote(str(path))


class UserError(Exception):
    """Something the user can put right.

    The message names the flag, file or argument, the rule it breaks, what was
    received and the next command to run. Entries print it without a traceback
    and exit with status 2. A caller in Python gets one of the subclasses, which
    are the errors that Python itself would raise; `api.words` makes them.
    """


class ArgumentError(UserError, ValueError):
    """An argument of a function is at fault, or what it names."""


class ArgumentTypeError(UserError, TypeError):
    """An argument of a function is of a type that it does not take."""


class NotFoundError(UserError, FileNotFoundError):
    """An argument of a function names a file or folder that is not there."""
