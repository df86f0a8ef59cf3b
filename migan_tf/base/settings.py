"""Settings as frozen dataclasses; the command line's flags come from them.

Each command has one dataclass whose fields are its flags. A field's metadata
holds the help text, the bounds, and whether it names a place on the disk.
"""

import dataclasses
import math
import os
import sys
import types
import typing

from absl import flags

from migan_tf.base.errors import UserError


def field(
    *,
    default,
    help,
    choices=None,
    minimum=None,
    maximum=None,
    place=False,
    repeated=False,
    topic="",
    **more,
):
    """A field of a dataclass of settings.

    Args:
      default: value of the flag that is not given.
      help: what the flag means.
      choices: the texts that are allowed; None for any.
      minimum: the least number that is allowed; None for any.
      maximum: the largest number that is allowed; None for any.
      place: whether it names a file or folder, whose ~ is the home.
      repeated: whether the flag may be given several times.
      topic: heading in --help of this field and of those that follow.
      **more: further metadata.

    Returns:
      `dataclasses.field`.
    """
    metadata = dict(
        help=help,
        choices=choices,
        minimum=minimum,
        maximum=maximum,
        place=place,
        repeated=repeated,
        topic=topic,
        **more,
    )
    return dataclasses.field(default=default, metadata=metadata)


DEFINED = []  # the dataclasses whose flags this process has


def define(kind, aliases=()) -> None:
    """Defines one absl flag for each field of a dataclass of settings.

    They are key flags of the program that runs: --help lists them.

    Args:
      kind: the dataclass. Its fields are of type str, bool, int or float, of
        one of these or None, or a tuple of texts, which on the command line
        stand with commas between them.
      aliases: pairs (other name, name of a field).
    """
    DEFINED.append(kind)
    for one in dataclasses.fields(kind):
        _define(one)
    for other, name in aliases:
        flags.DEFINE_alias(other, name)


def read(kind):
    """The settings that the parsed flags give.

    Args:
      kind: the dataclass that was given to `define`.

    Returns:
      An instance, in which ~ is the home and every field is checked.

    Raises:
      UserError: a value is none of the choices or outside the bounds.
    """
    values = {}
    for one in dataclasses.fields(kind):
        value = flags.FLAGS[one.name].value
        values[one.name] = tuple(value) if isinstance(value, list) else value
    settings = with_homes(kind(**values))
    check(settings)
    return settings


def given(kind) -> set[str]:
    """Names of the settings whose flags stand on the command line."""
    names = [one.name for one in dataclasses.fields(kind)]
    return {name for name in names if flags.FLAGS[name].present}


def with_homes(settings):
    """The same settings, with the home for ~ in all that names a place.

    A shell leaves the ~ of --flag=~/folder as it is.
    """
    places = {}
    for one in dataclasses.fields(settings):
        value = getattr(settings, one.name)
        if not one.metadata["place"] or not value:
            continue
        if isinstance(value, tuple):
            places[one.name] = tuple(map(os.path.expanduser, value))
        else:
            places[one.name] = os.path.expanduser(value)
    return dataclasses.replace(settings, **places)


def check(settings) -> None:
    """Checks each field of some settings on its own.

    Raises:
      UserError: a value is none of the choices, outside the bounds, or NaN.
    """
    for one in dataclasses.fields(settings):
        value = getattr(settings, one.name)
        if value is not None:
            _check(one.name, value, one.metadata)


def _check(name, value, rule):
    choices, least, most = rule["choices"], rule["minimum"], rule["maximum"]
    if choices and value not in choices:
        raise UserError(
            f"--{name} must be one of {', '.join(choices)}. Received: {value!r}"
        )
    if least is None:
        return
    # `not <=` also refuses NaN.
    if most is None and not least <= value < math.inf:
        finite = " and finite" if isinstance(value, float) else ""
        raise UserError(
            f"--{name} must be at least {least}{finite}. Received: {value}"
        )
    if most is not None and not least <= value <= most:
        raise UserError(
            f"--{name} must lie between {least} and {most}. Received: {value}"
        )


def help_of(one) -> str:
    """What a flag means, its choices first."""
    text = one.metadata["help"]
    if one.metadata["choices"]:
        text = f"{' | '.join(one.metadata['choices'])}: {text}"
    return text


def _define(one):
    text = help_of(one)
    kind = one.type
    if isinstance(kind, types.UnionType):
        kind = typing.get_args(kind)[0]  # X of `X | None`
    if one.metadata["repeated"]:
        flags.DEFINE_multi_string(one.name, list(one.default), text)
    elif typing.get_origin(kind) is tuple:
        flags.DEFINE_list(one.name, list(one.default), text)
    else:
        define_one = {
            str: flags.DEFINE_string,
            bool: flags.DEFINE_boolean,
            int: flags.DEFINE_integer,
            float: flags.DEFINE_float,
        }[kind]
        define_one(one.name, one.default, text)
    flags.FLAGS.register_key_flag_for_module(sys.argv[0], flags.FLAGS[one.name])
