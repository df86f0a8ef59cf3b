"""Which experiment an output folder holds, so that no two share one.

What a step was run by stands in `logs/`, and its command refuses the files of
others. Here is what the commands do not tell: which arms there are at all, and
the weights of a generator that exists already, whatever folder they lie in.
"""

import json
import pathlib

from migan_tf.base import files
from migan_tf.base.errors import UserError

RECORD = "study.json"


def of(settings, generator=None) -> dict:
    """What is recorded of an experiment, as plain values.

    Args:
      settings: `flags.Settings`.
      generator: `given_generator.GivenGenerator`, or None.
    """
    identity = None if generator is None else generator.identity
    return {"tstr": settings.tstr, "generator": identity}


def check(output, wanted) -> None:
    """Raises `UserError` where a folder holds another experiment.

    Where no step was begun there is none. One that was begun before there were
    records had neither --tstr nor --generator_model.

    Args:
      output: folder of the experiment.
      wanted: what `of` says of it.
    """
    path = pathlib.Path(output, RECORD)
    if not any(pathlib.Path(output, "logs").glob("*.log")):
        return
    try:
        there = _told(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        there = _told({"tstr": False, "generator": None})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} cannot be read: {error}. Next: give another --output, or "
            "remove that file if all in its folder is of these flags"
        ) from None
    if there != _told(wanted):
        raise UserError(
            f"--output must hold no other experiment. Received: {output}, one "
            f"with {there}, for one with {_told(wanted)}. Next: give another "
            "--output, or the flags that it has"
        )


def write(output, wanted) -> None:
    """Writes the record; see `check`."""
    text = json.dumps(wanted, indent=1) + "\n"
    files.write_text(pathlib.Path(output, RECORD), text)


def _told(record):
    """The experiment in words, equal for equal ones.

    Of a generator the weights alone count: a later version of the program
    reads the same ones.
    """
    found = record["generator"]
    generator = (
        "a generator trained in each cell (no --generator_model)"
        if found is None
        else f"the generator of weights {found['weights_sha256'][:12]}"
    )
    return f"--{'' if record['tstr'] else 'no'}tstr and {generator}"
