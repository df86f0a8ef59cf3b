"""Examples of a prepared dataset, read one by one where they lie.

A dataset of photographs is loaded whole; one of a hundred thousand synthetic
pairs is not: where each record lies is found once (`record_file`), and an
example is read and decoded when a batch asks for it.
"""

import hashlib
import itertools

import cv2
import numpy as np
import tensorflow as tf

from migan_tf import builders, geometry
from migan_tf.errors import UserError
from migan_tf.record_file import RecordFile, damaged

# How OpenCV decodes each plane.
_PLANES = {
    "fundus": cv2.IMREAD_COLOR_RGB,
    "vessel_map": cv2.IMREAD_GRAYSCALE,
    "fov_mask": cv2.IMREAD_GRAYSCALE,
}


class StoredPhotographs:
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
        """Of what the files hold, as their own checksums tell, and of count."""
        content = [file.sha256 for file in self._files] + [str(self._count)]
        return hashlib.sha256(" ".join(content).encode()).hexdigest()

    def __len__(self):
        return self._count

    def __getitem__(self, number):
        """The example as `data.network_example`, unstandardized.

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
                tf.constant(unit[name]), self._size, self._geometry, side
            ).numpy()
            for name in ("fundus", "vessel_map")
        }
        found["fov_mask"] = geometry.network_fov_mask(
            fov_mask, self._size, self._geometry
        ).numpy()
        return found


def load_extra(config):
    """The `StoredPhotographs` of --extra_dataset, empty without one.

    Raises:
      UserError: there is no such dataset, or it is damaged.
    """
    if not config.extra_dataset:
        return ()
    builder = builders.ensure_prepared(
        config.extra_dataset, config.data_dir, config.manual_dir
    )
    return StoredPhotographs(
        builder, config.image_size, config.geometry, config.extra_count
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
