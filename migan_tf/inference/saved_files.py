"""Whether the files of a SavedModel are all there and whole.

A copy that has not ended, a full disk, and a checkout of Git LFS without its
files leave folders that look like a SavedModel. TensorFlow would say so late
and at length; nothing here imports it.
"""

import json
import pathlib
import struct

FILE_NAME = "saved_model.pb"
CARD = pathlib.Path("assets.extra", "model_card.json")
VARIABLES = pathlib.Path("variables", "variables")
_POINTER = b"version https://git-lfs"
# variables.index is a table of LevelDB: blocks, and at its end a footer that
# says where the block of the blocks' places is.
_FOOTER, _MAGIC = 48, 0xDB4775248B80FB57
_SHARDS = 1  # field of a BundleHeaderProto
_SHARD, _OFFSET, _SIZE = 3, 4, 5  # fields of a BundleEntryProto


def fault(folder) -> str:
    """What is wrong with the files of a SavedModel; empty where nothing is.

    Args:
      folder: of one version.
    """
    readers = {
        pathlib.Path(folder, CARD): json.loads,
        pathlib.Path(folder, FILE_NAME): _fields,
        # The last, whose answer says how long the other files must be.
        pathlib.Path(folder, f"{VARIABLES}.index"): _shard_sizes,
    }
    for path, read in readers.items():
        if found := _fault_of_file(path):
            return found
        try:
            told = read(path.read_bytes())
        except OSError as error:
            return f"{path} cannot be read ({error.strerror})"
        except (LookupError, RecursionError, ValueError, struct.error):
            return f"{path} is cut or damaged"
    for shard, size in told.items():
        name = f"{VARIABLES}.data-{shard:05d}-of-{len(told):05d}"
        if found := _fault_of_file(pathlib.Path(folder, name), size):
            return found
    return ""


def damaged(folder, reason) -> str:
    """The message about a SavedModel that cannot be loaded."""
    return f"{folder} is damaged: {reason}. {next_step(reason)}"


def next_step(reason) -> str:
    """What to do about a `fault`, or about another reason."""
    if "Git LFS" in reason:
        return "Next: git lfs pull"
    return "Next: export it anew, python -m migan_tf export --workdir=RUN"


def _fault_of_file(path, least=1) -> str:
    """What is wrong with a file that should have at least so many bytes."""
    try:
        with path.open("rb") as opened:
            begin = opened.read(len(_POINTER))
        size = path.stat().st_size
    except FileNotFoundError:
        return f"{path} is missing"
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})"
    if begin == _POINTER:
        return f"{path} is a pointer of Git LFS in place of the file"
    if size < least:
        return f"{path} is cut: it has {size} of {least} bytes"
    return ""


def _varint(data, at) -> tuple[int, int]:
    """(number, where it ends) of a whole number of seven bits a byte."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _fields(data) -> dict[int, int]:
    """{field: its last number, or its length} of a message of protobuf.

    Raises:
      LookupError, ValueError: it ends within a field.
    """
    fields, at = {}, 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            fields[number], at = _varint(data, at)
            continue
        size = {1: 8, 5: 4}.get(kind)
        if kind == 2:
            size, at = _varint(data, at)
        if size is None or at + size > len(data):
            raise ValueError(f"a field {number} that does not end")
        fields[number], at = size, at + size
    return fields


def _block(data, offset, size) -> list[bytes]:
    """The values in a block of a table, in their order."""
    block = data[offset : offset + size]
    if len(block) < size or data[offset + size] != 0:  # Not compressed.
        raise ValueError("a block that is not there")
    (restarts,) = struct.unpack("<I", block[-4:])
    end, at, values = size - 4 * (restarts + 1), 0, []
    while at < end:
        _, at = _varint(block, at)
        key_size, at = _varint(block, at)
        value_size, at = _varint(block, at)
        at += key_size
        values.append(block[at : at + value_size])
        at += value_size
    return values


def _shard_sizes(data) -> dict[int, int]:
    """{shard: bytes that its file must have} of the text of an index."""
    footer = data[-_FOOTER:]
    if len(footer) < _FOOTER or footer[-8:] != struct.pack("<Q", _MAGIC):
        raise ValueError("no footer")
    at = 0
    for _ in range(2):  # The first block tells of none of ours.
        offset, at = _varint(footer, at)
        size, at = _varint(footer, at)
    entries = []
    for place in _block(data, offset, size):
        offset, at = _varint(place, 0)
        size, _ = _varint(place, at)
        entries += map(_fields, _block(data, offset, size))
    # The first one is the header, which tells how many files there are.
    sizes = dict.fromkeys(range(entries[0][_SHARDS]), 0)
    for entry in entries[1:]:
        shard = entry.get(_SHARD, 0)
        end = entry.get(_OFFSET, 0) + entry.get(_SIZE, 0)
        sizes[shard] = max(sizes[shard], end)
    return sizes
