"""TFRecord files whose records are read by their number.

A record is the length of its data (8 bytes, little-endian), the length's
checksum (4), the data and their checksum (4). One scan goes from length to
length; the data are read when they are asked for.
"""

import hashlib
import os
import pathlib
import struct

from migan_tf.errors import UserError

_HEADER = 12  # bytes before the data: length and checksum
_FOOTER = 4


class RecordFile:
    """The records of one TFRecord file by their number; thread-safe."""

    def __init__(self, path):
        """Finds where each record begins.

        Raises:
          UserError: the file is cut off or no TFRecord.
        """
        self.path = pathlib.Path(path)
        digest = hashlib.sha256()
        self._places = []  # (offset, length) of the data
        with self.path.open("rb") as file:
            size, offset = os.fstat(file.fileno()).st_size, 0
            while offset < size:
                header = os.pread(file.fileno(), _HEADER, offset)
                length = struct.unpack("<Q", header[:8].ljust(8, b"\0"))[0]
                place, offset = offset + _HEADER, offset + _HEADER + length
                footer = b""
                if offset + _FOOTER <= size:
                    footer = os.pread(file.fileno(), _FOOTER, offset)
                offset += _FOOTER
                if len(header) < _HEADER or len(footer) < _FOOTER:
                    raise damaged(self.path, f"cut off at {size:,} bytes")
                self._places.append((place, length))
                digest.update(header + footer)
        # Of the lengths and checksums, so of the content in 32 bits a record.
        self.sha256 = digest.hexdigest()

    def __len__(self):
        return len(self._places)

    def __getitem__(self, number) -> bytes:
        """The data of one record."""
        offset, length = self._places[number]
        with self.path.open("rb") as file:
            content = os.pread(file.fileno(), length, offset)
        if len(content) < length:
            raise damaged(self.path, f"record {number} is cut off")
        return content


def damaged(path, what) -> UserError:
    """The error of a file that cannot be read as it should."""
    folder = pathlib.Path(path).parent
    return UserError(
        f"--extra_dataset: {path} is damaged: {what}. Remove the dataset "
        f"(rm -r {folder}) and make it again with the command that made it: "
        "python -m migan_tf.synthesize --format=tfrecord …"
    )
