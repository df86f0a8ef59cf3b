"""Results that say themselves what they were made of.

The pictures that `segment` and `synthesize` write hold a text, as PNG allows:
which command made them, what they show, and what they are a function of. So a
command knows its own results wherever they lie, and which of them are finished.
"""

import json
import pathlib
import struct
import zlib

from migan_tf.base import files
from migan_tf.base.errors import UserError

SEGMENT, SYNTHESIZE = "segment", "synthesize"  # the commands
PROBABILITY, MAP, OVERLAY = "vessel_probability", "vessel_map", "overlay"
FUNDUS = "fundus"
_KEYWORD = b"migan_tf\0"
# A PNG begins with its signature and the chunk of its sizes.
_SIGNATURE, _HEAD = b"\x89PNG\r\n\x1a\n", 33
_MOST_TEXT = 10_000  # bytes; ours have some hundreds


def write(path, image, shows, made_of, command=SEGMENT) -> None:
    """Writes a picture and what it was made of, whole or not at all.

    Args:
      path: the file, a PNG.
      image: RGB (H,W,3) or grey (H,W), uint8.
      shows: what it is, such as `OVERLAY`.
      made_of: {name: text or number}, all that the picture is a function of.
      command: that makes it.

    Raises:
      OSError: it cannot be written, for example to a full disk.
    """
    told = {"command": command, "shows": shows, "made_of": made_of}
    text = b"tEXt" + _KEYWORD + json.dumps(told).encode("ascii")
    chunk = struct.pack(">I", len(text) - 4) + text
    chunk += struct.pack(">I", zlib.crc32(text))
    content = files.encode_png(image)
    content = content[:_HEAD] + chunk + content[_HEAD:]
    files.write_bytes(path, content)


def read(path) -> dict | None:
    """What a result says of itself; None of any other file.

    Args:
      path: a file, or None.

    Returns:
      {"command": …, "shows": …, "made_of": {…}}.
    """
    try:
        with pathlib.Path(path or "").open("rb") as file:
            head = file.read(_HEAD + 8)
            if head[:8] != _SIGNATURE or head[-4:] != b"tEXt":
                return None
            (length,) = struct.unpack(">I", head[_HEAD : _HEAD + 4])
            text = file.read(min(length, _MOST_TEXT))
        told = json.loads(text.removeprefix(_KEYWORD))
        return told if told.keys() >= {"command", "shows", "made_of"} else None
    except (OSError, ValueError, AttributeError):
        return None


def is_done(paths, made_of, overwrite=False) -> bool:
    """Whether the results of one input are all there.

    Args:
      paths: the files that they would be.
      made_of: as in `write`.
      overwrite: whether what is there is replaced.

    Raises:
      UserError: there is a file that is not such a result, or one of another
        input, model or setting.
    """
    if overwrite:
        return False
    there = [path for path in map(pathlib.Path, paths) if path.exists()]
    for path in there:
        if path.suffix != ".png":  # It is written anew with its pictures.
            continue
        told = read(path) or {"made_of": {}}
        other = sorted(
            name.replace("_", " ")
            for name in told["made_of"].keys() | made_of.keys()
            if told["made_of"].get(name) != made_of.get(name)
        )
        if other:
            what = f"one of another {', '.join(other)}"
            if not told["made_of"]:
                what = "a file that this program has not made so"
            raise UserError(
                f"{path} is there already, and is {what}. Next: another "
                "--output, or --overwrite, which replaces it"
            )
    return len(there) == len(paths)


def own(listing, commands, output="") -> list:
    """Takes results of this program from what was found to work on.

    Args:
      listing: `image_files.Listing`, from which they are removed.
      commands: {command: what of its results is input}.
      output: folder in which nothing is input; empty for none.

    Returns:
      Their `image_files.ImageFile`s.
    """
    folder = pathlib.Path(output).resolve() if output else None
    found = []
    for file in listing.images:
        told = read(file.path)
        if told is None or told["command"] not in commands:
            continue
        inside = folder and folder in file.path.resolve().parents
        if told["shows"] not in commands[told["command"]] or inside:
            found.append(file)
    listing.images[:] = [file for file in listing.images if file not in found]
    return found
