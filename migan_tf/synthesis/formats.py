"""The two values of --format: what a job's pairs look like on the disk.

`PngFiles` are pictures in the layout of DRIVE's training set, `RecordFiles` are
a dataset that TFDS reads. Both have the same methods, so that whoever makes a
block of pairs or sums up a job does not ask which of them it has.
"""

import functools
import json
import pathlib
import tempfile

import cv2
import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from migan_tf.base.files import encode_png

VERSION = "1.0.0"  # of the dataset that a job of record files makes
DATASET_INFO = f"{VERSION}/dataset_info.json"
# The folder of each plane and what its files' names end in. The first three are
# those of DRIVE, which knows neither arteries nor veins.
_PNG_PLACES = {
    "fundus": ("images", ""),
    "vessel_map": ("1st_manual", "_manual1"),
    "fov_mask": ("mask", "_mask"),
    "artery_map": ("artery", "_artery"),
    "vein_map": ("vein", "_vein"),
}
_RECORD_PLANES = ("fundus", "vessel_map", "fov_mask", "second_annotator")


class PngFiles:
    """PNG files: three for each pair, five where arteries are known.

    The vessel map has two values, as in DRIVE.
    """

    is_dataset = False  # No file's name or content depends on the job's name.

    def __init__(self, plan, store):
        """Keeps where the files go.

        Args:
          plan: the `job.Plan`.
          store: of the job's files, such as `store.LocalStore`.
        """
        self._store = store

    def write_block(self, block, pairs) -> None:
        """Writes the pairs of a block, each as soon as it is made.

        Args:
          block: number of the block.
          pairs: iterable of `pairs.Pair`.
        """
        for pair in pairs:
            for plane in _PNG_PLACES:
                image = getattr(pair, plane)
                if plane == "vessel_map":
                    image = image > 127
                if image is not None:
                    name = _png_name(pair.image_id, plane)
                    self._store.write(name, encode_png(image))

    def read(self, block, image_id):
        """Reads the image and the vessel map of one pair.

        Args:
          block: number of the block that it is in.
          image_id: name of the pair.

        Returns:
          (fundus (S,S,3), vessel_map (S,S)), uint8, the map 0 or 255.
        """
        fundus, vessel_map = (
            cv2.imdecode(
                np.frombuffer(
                    self._store.read(_png_name(image_id, plane)), np.uint8
                ),
                cv2.IMREAD_UNCHANGED,
            )
            for plane in ("fundus", "vessel_map")
        )
        return fundus[..., ::-1], vessel_map

    def finish(self, lengths) -> None:
        """Does nothing: the files are complete without a further one."""


class RecordFiles:
    """One TFRecord file for each block, which make up a TFDS dataset.

    It has the features of the project's other datasets. The vessel map is
    stored as painted, with soft edges.
    """

    is_dataset = True  # It is found by the job's name, which is in its files.

    def __init__(self, plan, store):
        """Keeps where the files go, see `PngFiles`."""
        self._plan, self._store = plan, store

    def write_block(self, block, pairs) -> None:
        """Writes the pairs of a block as one file.

        Until the last pair is made it keeps the compressed records, which
        take little memory.

        Args:
          block: number of the block.
          pairs: iterable of `pairs.Pair`.
        """
        records = [_encode_record(pair) for pair in pairs]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "records")
            with tf.io.TFRecordWriter(str(path)) as writer:
                for record in records:
                    writer.write(record)
            self._store.write(self._name(block), path.read_bytes())

    def read(self, block, image_id):
        """Reads the image and the vessel map of one pair, see `PngFiles`.

        Returns:
          (fundus (S,S,3), vessel_map (S,S)), uint8, the map 0 … 255.

        Raises:
          KeyError: the block has no such pair.
        """
        known = {
            name: tf.io.FixedLenFeature((), tf.string)
            for name in ("image_id", "fundus", "vessel_map")
        }
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "records")
            path.write_bytes(self._store.read(self._name(block)))
            for record in tf.data.TFRecordDataset(str(path)):
                example = tf.io.parse_single_example(record, known)
                if example["image_id"].numpy().decode() == image_id:
                    fundus, vessel_map = (
                        tf.io.decode_png(example[name]).numpy()
                        for name in ("fundus", "vessel_map")
                    )
                    return fundus, vessel_map[..., 0]
        raise KeyError(image_id)

    def finish(self, lengths) -> None:
        """Writes what makes a dataset of the record files.

        Args:
          lengths: number of pairs of each block, in the blocks' order.
        """
        names = map(self._name, range(self._plan.blocks))
        with tempfile.TemporaryDirectory() as folder:
            split = _split_info(
                self._plan.name,
                folder,
                lengths=lengths,
                bytes_of=sum(map(self._store.size, names)),
            )
            tfds.folder_dataset.write_metadata(
                data_dir=folder,
                features=_features(self._plan.size),
                split_infos=[split],
                description="Synthetic fundus images with their vessel maps.",
                check_data=False,
            )
            text = pathlib.Path(folder, "dataset_info.json").read_text()
            features = pathlib.Path(folder, "features.json").read_bytes()
        info = json.loads(text) | {"name": self._plan.name, "version": VERSION}
        text = json.dumps(info, indent=2, sort_keys=True) + "\n"
        self._store.write(DATASET_INFO, text.encode())
        self._store.write(f"{VERSION}/features.json", features)

    def _name(self, block):
        """The name that TFDS gives the file of a block."""
        part = self._plan.part(block)
        return f"{VERSION}/{self._plan.name}-train.tfrecord-{part}"


BY_NAME = {"png": PngFiles, "tfrecord": RecordFiles}


def files_of(plan, store):
    """The files of a job, in the format that its plan names.

    Args:
      plan: the `job.Plan`.
      store: of the job's files, such as `store.LocalStore`.

    Returns:
      `PngFiles` or `RecordFiles`.
    """
    return BY_NAME[plan.format](plan, store)


def _png_name(image_id, plane):
    """The file of one plane: 0000021_training's map is 0000021_manual1.png."""
    folder, ending = _PNG_PLACES[plane]
    stem = image_id
    if plane not in ("fundus", "fov_mask"):
        stem = image_id.removesuffix("_training")
    return f"training/{folder}/{stem}{ending}.png"


def _encode_record(pair) -> bytes:
    """A pair as TFDS stores it, with its features in one order.

    Without `deterministic` the order would differ from process to process, and
    so would the bytes of two machines that share a job.
    """
    known = _features(pair.fundus.shape[0])
    planes = {
        "fundus": pair.fundus,
        "vessel_map": pair.vessel_map[..., None],
        "fov_mask": pair.fov_mask[..., None].astype(np.uint8) * 255,
        "second_annotator": np.zeros_like(pair.vessel_map)[..., None],
    }
    encoded = known.encode_example(
        {
            "image_id": pair.image_id,
            **planes,
            "has_vessel_map": True,
            "has_second_annotator": False,
        }
    )
    content = known.serialize_example(encoded)
    example = tf.train.Example.FromString(content)
    return example.SerializeToString(deterministic=True)


@functools.cache
def _features(size):
    """The features of the project's datasets, at S × S pixels."""
    planes = {
        name: tfds.features.Image(
            shape=(size, size, 3 if name == "fundus" else 1),
            encoding_format="png",
        )
        for name in _RECORD_PLANES
    }
    flags = ("has_vessel_map", "has_second_annotator")
    return tfds.features.FeaturesDict(
        {"image_id": tfds.features.Text()}
        | planes
        | {name: tfds.features.Scalar(tf.bool) for name in flags}
    )


def _split_info(name, folder, lengths, bytes_of):
    """The split `train` of a dataset whose files have so many examples."""
    template = tfds.core.ShardedFileTemplate(
        data_dir=folder,
        dataset_name=name,
        split="train",
        filetype_suffix="tfrecord",
    )
    for path in template.sharded_filepaths(len(lengths)):
        path.touch()  # TFDS looks for them, and at nothing in them.
    return tfds.core.SplitInfo(
        name="train",
        shard_lengths=lengths,
        num_bytes=bytes_of,
        filename_template=template,
    )
