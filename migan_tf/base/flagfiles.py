"""Reads --flagfile=FILE: one of the user's, or one that comes with the program.

`experiments/` lies inside an installed package and beside it in a checkout. A
name is first looked up as it is given, from the working directory, and then
among these, so that `--flagfile=experiments/drive.flags` means something
everywhere; so is each name that a flagfile names itself.
"""

import codecs
import os
import pathlib
import sys

from migan_tf.base import files
from migan_tf.base.errors import UserError

FOLDER = "experiments"
_PACKAGE = pathlib.Path(__file__).resolve().parents[1]
HOMES = (_PACKAGE, _PACKAGE.parent)


def find(name) -> pathlib.Path:
    """The file that a flagfile's name means; says so where it is our own.

    Args:
      name: value of --flagfile; ~ is the home.

    Raises:
      UserError: there is no such file.
    """
    path = files.at_home(name)
    if path.exists() and not path.is_dir():  # It may be a pipe.
        return path
    own = [home / path for home in HOMES if path.parts[:1] == (FOLDER,)]
    for place in own:
        if place.is_file():
            print(
                f"--flagfile={name}: not here, taken from {place}",
                file=sys.stderr,
            )
            return place
    raise UserError(
        "--flagfile must be a file of flags, here or among those that come "
        f"along. Received: {str(name)!r}. Those are: {', '.join(names())}"
    )


def names() -> list[str]:
    """The flagfiles that come along, such as `experiments/drive.flags`."""
    for home in HOMES:
        found = sorted((home / FOLDER).rglob("*.flags"))
        if found:
            return [path.relative_to(home).as_posix() for path in found]
    return []


def expand(arguments, above=()) -> list[str]:
    """Puts in the place of each --flagfile the flags that it holds.

    Args:
      arguments: of the command line, without the program's name.
      above: the flagfiles, one naming the next, that hold the arguments.

    Raises:
      UserError: there is no such file, it cannot be read, or names itself.
    """
    expanded, left = [], list(arguments)
    while left:
        argument = left.pop(0)
        if argument == "--":  # No flag follows.
            return [*expanded, argument, *left]
        name, equals, value = argument.lstrip("-").partition("=")
        if name != "flagfile" or not argument.startswith("-"):
            expanded.append(argument)
            continue
        if not equals and not left:
            raise UserError("--flagfile needs a file. Received: none")
        if not equals:
            value = left.pop(0)
        if value:
            expanded += read(value, above)
    return expanded


def _text(content) -> str:
    """Text in UTF-8, or in UTF-16 as editors of Windows mark it.

    It is as the command line would give it: where the system's names are ASCII,
    a path of other characters is still the same path.
    """
    marked = content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    text = content.decode("utf-16" if marked else "utf-8-sig")
    return os.fsdecode(text.encode("utf-8"))


def read(name, above=()) -> list[str]:
    """The flags of a flagfile, one a line, and of those that it names.

    Args:
      name: as in `find`.
      above: as in `expand`.

    Raises:
      UserError: as in `expand`.
    """
    path = find(name)
    if path in above:
        raise UserError(
            f"a flagfile must not name itself. Received: {path}, by way of "
            f"{', '.join(map(str, above))}"
        )
    try:
        lines = _text(path.read_bytes()).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"--flagfile={name} is not readable: {error}. Next: save it as "
            "text in UTF-8"
        ) from error
    held = [line.strip() for line in lines]
    held = [line for line in held if line and not line.startswith(("#", "//"))]
    return expand(held, (*above, path))
