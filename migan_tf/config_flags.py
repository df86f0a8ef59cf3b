"""The absl flags of a run, derived from the fields of `Config`."""

import dataclasses
import sys

from absl import flags

from migan_tf.config import Config


def define_flags() -> None:
    """Defines one absl flag for each field of `Config`."""
    define = {
        str: flags.DEFINE_string,
        bool: flags.DEFINE_boolean,
        int: flags.DEFINE_integer,
        float: flags.DEFINE_float,
    }
    for field in dataclasses.fields(Config):
        text = field.metadata["help"]
        if field.metadata["choices"]:
            text = f"{' | '.join(field.metadata['choices'])}: {text}"
        define[field.type](field.name, field.default, text)
        # A key flag of the program: --help shows those, --helpfull all.
        flags.FLAGS.register_key_flag_for_module(
            sys.argv[0], flags.FLAGS[field.name]
        )


def from_flags() -> Config:
    """The `Config` of the parsed absl flags, validated."""
    names = [field.name for field in dataclasses.fields(Config)]
    return Config(
        **{name: flags.FLAGS[name].value for name in names}
    ).validate()
