"""Examples of a prepared dataset, read one by one where they lie.

A dataset of photographs is loaded whole; one of a hundred thousand synthetic
pairs is not: where each record lies is found once (`extra_pairs`), and an
example is read and decoded when a batch asks for it.
"""

import hashlib
import itertools
import os
import pathlib
import struct

import cv2
import numpy as np
import tensorflow as tf

from migan_tf.base.errors import UserError, quoted
from migan_tf.data import geometry, prepared

# How OpenCV decodes each plane.
_PLANES = {
    "fundus": cv2.IMREAD_COLOR_RGB,
    "vessel_map": cv2.IMREAD_GRAYSCALE,
    "fov_mask": cv2.IMREAD_GRAYSCALE,
}


class ExtraPairs:
    """A sequence of examples for the networks; thread-safe."""

    def __init__(self, builder, image_size, square_geometry, count=0):
        """Finds the examples of the split `train`, without decoding any.

        Args:
          builder: of a prepared dataset with the features of `datasets/`; its
            vessel maps may be soft.
          image_size: side S of the examples in pixels.
          square_geometry: `center_square` or `stretch`, see `geometry`; both
            leave a square that shows the whole field as it is.
          count: only the first so many in the order of the files; 0: all.

        Raises:
          UserError: a damaged file, no TFRecord files, or too few examples.
        """
        self._size, self._geometry = image_size, square_geometry
        split = builder.info.splits.get("train")
        if split is None or builder.info.file_format.value != "tfrecord":
            raise UserError(
                "--extra_dataset must have a split `train` in TFRecord files. "
                f"Received: {builder.data_dir}"
            )
        self._files = [RecordFile(path) for path in split.filepaths]
        for file, length in zip(self._files, split.shard_lengths, strict=True):
            if len(file) != length:
                told = f"{len(file)} records, and not {length}"
                raise damaged(file.path, told)
        self._ends = list(itertools.accumulate(map(len, self._files)))
        held = sum(map(len, self._files))
        if not held:
            raise UserError(
                "--extra_dataset must hold examples. Received: "
                f"{builder.data_dir}, which is empty. Were all images refused "
                "when it was made? Look at what synthesize said of them"
            )
        if count > held:
            raise UserError(
                "--extra_count must be at most what --extra_dataset holds, "
                f"{held} examples. Received: {count}"
            )
        self._count = count or held

    def sha256(self) -> str:
        """The SHA-256 of the files' own checksums and of how many are used."""
        content = [file.sha256 for file in self._files] + [str(self._count)]
        return hashlib.sha256(" ".join(content).encode()).hexdigest()

    def __len__(self):
        return self._count

    def __getitem__(self, number):
        """The example as `batches.network_example`, unstandardized.

        Returns:
          {fundus (S,S,3) in [-1,1], vessel_map (S,S,1) in [0,1], as soft as
          it was stored, fov_mask (S,S,1) in {0,1}}, float32.

        Raises:
          UserError: its record is damaged or without a vessel map.
        """
        if not 0 <= number < self._count:
            raise IndexError(number)
        index = int(np.searchsorted(self._ends, number, side="right"))
        file = self._files[index]
        within = number - (self._ends[index] - len(file))
        planes = _decode(file[within], file.path, within)
        with tf.device("CPU:0"):
            return self._network_example(planes)

    def _network_example(self, planes):
        unit = {
            name: np.atleast_3d(planes[name]) / np.float32(255)
            for name in ("fundus", "vessel_map")
        }
        unit["fov_mask"] = (planes["fov_mask"] > 127)[..., None]
        # As the generator leaves them; to resample takes five times as long.
        if unit["fundus"].shape[:2] != (self._size, self._size):
            unit = self._resampled(unit)
        return {
            "fundus": unit["fundus"] * 2 - 1,
            "vessel_map": unit["vessel_map"],
            "fov_mask": unit["fov_mask"].astype(np.float32),
        }

    def _resampled(self, unit):
        fov_mask = unit["fov_mask"][..., 0]
        side = geometry.square_side(fov_mask)
        found = {
            name: geometry.to_network(
                tf.constant(unit[name]),
                self._size,
                geometry=self._geometry,
                side=side,
            ).numpy()
            for name in ("fundus", "vessel_map")
        }
        found["fov_mask"] = geometry.network_fov_mask(
            fov_mask, self._size, self._geometry
        ).numpy()
        return found


def load_extra(config):
    """The `ExtraPairs` of --extra_dataset, empty without one.

    Raises:
      UserError: there is no such dataset, or it is damaged.
    """
    if not config.extra_dataset:
        return ()
    builder = prepared.ensure_prepared(
        config.extra_dataset, config.data_dir, config.manual_dir
    )
    return ExtraPairs(
        builder,
        config.image_size,
        square_geometry=config.geometry,
        count=config.extra_count,
    )


def _decode(content, path, number):
    """{plane: (H,W[,3]) uint8} of a serialized example."""
    try:
        feature = tf.train.Example.FromString(content).features.feature
        stored = {n: feature[n].bytes_list.value[0] for n in _PLANES}
        annotated = feature["has_vessel_map"].int64_list.value[0]
    except Exception as error:  # of protobuf's own kinds, and IndexError
        raise damaged(path, f"record {number} cannot be parsed") from error
    if not annotated:
        raise UserError(
            f"--extra_dataset: record {number} of {path} has no vessel map"
        )
    planes = {}
    for name, how in _PLANES.items():
        plane = cv2.imdecode(np.frombuffer(stored[name], np.uint8), how)
        if plane is None:
            raise damaged(path, f"the {name} of record {number} is no image")
        planes[name] = plane
    return planes


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
        f"(rm -r {quoted(folder)}) and make it again with the command that "
        "made it: python -m migan_tf.synthesize --format=tfrecord …"
    )
