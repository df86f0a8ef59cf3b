"""Pairs as TFRecord files that TFDS reads like any other dataset."""

import functools
import json
import pathlib
import tempfile

import cv2
import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

_PLANES = ("fundus", "vessel_map", "fov_mask", "second_annotator")
_READ = {
    name: tf.io.FixedLenFeature((), tf.string)
    for name in ("image_id", "fundus", "vessel_map")
}


@functools.cache
def features(size):
    """The features of the project's datasets, at S × S pixels."""
    planes = {
        name: tfds.features.Image(
            shape=(size, size, 3 if name == "fundus" else 1),
            encoding_format="png",
        )
        for name in _PLANES
    }
    flags = ("has_vessel_map", "has_second_annotator")
    return tfds.features.FeaturesDict(
        {"image_id": tfds.features.Text()}
        | planes
        | {name: tfds.features.Scalar(tf.bool) for name in flags}
    )


def record_of(pair) -> bytes:
    """A `pairs.Pair` as TFDS stores it, in one order of its features.

    Without `deterministic` the order differs from process to process, and so
    would the bytes of two machines that share a job.
    """
    known = features(pair.fundus.shape[0])
    content = known.serialize_example(known.encode_example(_example(pair)))
    example = tf.train.Example.FromString(content)
    return example.SerializeToString(deterministic=True)


def record_file(records) -> bytes:
    """The content of a file of records, in their order."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "records")
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in records:
                writer.write(record)
        return path.read_bytes()


def read_record(content, image_id):
    """(fundus (S,S,3), vessel_map (S,S)) uint8 of a pair in a record file.

    Args:
      content: of the file.
      image_id: the pair's.

    Raises:
      KeyError: it is not there.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "records")
        path.write_bytes(content)
        for record in tf.data.TFRecordDataset(str(path)):
            example = tf.io.parse_single_example(record, _READ)
            if example["image_id"].numpy().decode() == image_id:
                fundus, vessel_map = (
                    tf.io.decode_png(example[name]).numpy()
                    for name in ("fundus", "vessel_map")
                )
                return fundus, vessel_map[..., 0]
    raise KeyError(image_id)


def dataset_metadata(name, size, lengths, bytes_of):
    """Yields (name, content) of what makes record files a TFDS dataset.

    Args:
      name: of the dataset.
      size: side S of the images.
      lengths: pairs of each file, in order.
      bytes_of: bytes of all files.
    """
    with tempfile.TemporaryDirectory() as folder:
        template = tfds.core.ShardedFileTemplate(
            data_dir=folder,
            dataset_name=name,
            split="train",
            filetype_suffix="tfrecord",
        )
        for path in template.sharded_filepaths(len(lengths)):
            path.touch()  # TFDS looks for them, and at nothing in them.
        split = tfds.core.SplitInfo(
            name="train",
            shard_lengths=lengths,
            num_bytes=bytes_of,
            filename_template=template,
        )
        tfds.folder_dataset.write_metadata(
            data_dir=folder,
            features=features(size),
            split_infos=[split],
            description="Synthetic fundus images with their vessel maps.",
            check_data=False,
        )
        info = json.loads(pathlib.Path(folder, "dataset_info.json").read_text())
        info.update(name=name, version=VERSION)
        text = json.dumps(info, indent=2, sort_keys=True) + "\n"
        yield f"{VERSION}/dataset_info.json", text.encode()
        kept = pathlib.Path(folder, "features.json").read_bytes()
        yield f"{VERSION}/features.json", kept


def _example(pair):
    return {
        "image_id": pair.image_id,
        "fundus": pair.fundus,
        "vessel_map": pair.vessel_map[..., None],
        "fov_mask": pair.fov_mask[..., None].astype(np.uint8) * 255,
        "second_annotator": np.zeros_like(pair.vessel_map)[..., None],
        "has_vessel_map": True,
        "has_second_annotator": False,
    }


# Folder, and what a file's name ends in, as DRIVE has them; it has neither
# arteries nor veins.
PLACES = {
    "fundus": ("images", ""),
    "vessel_map": ("1st_manual", "_manual1"),
    "fov_mask": ("mask", "_mask"),
    "artery_map": ("artery", "_artery"),
    "vein_map": ("vein", "_vein"),
}


def png_files(pair):
    """Yields (name, content) of a `pairs.Pair`'s files."""
    for plane in PLACES:
        image = getattr(pair, plane)
        if plane == "vessel_map":
            image = image > 127
        if image is not None:
            yield png_name(pair.image_id, plane), encode_png(image)


def png_name(image_id, plane) -> str:
    """The file of one plane: 0000021_training's map is 0000021_manual1.png."""
    folder, ending = PLACES[plane]
    stem = image_id
    if plane not in ("fundus", "fov_mask"):
        stem = image_id.removesuffix("_training")
    return f"training/{folder}/{stem}{ending}.png"


def read_png(store, image_id):
    """(fundus (S,S,3), vessel_map (S,S)) uint8 of a pair that was written."""
    fundus, vessel_map = (
        cv2.imdecode(
            np.frombuffer(store.read(png_name(image_id, plane)), np.uint8),
            cv2.IMREAD_UNCHANGED,
        )
        for plane in ("fundus", "vessel_map")
    )
    return fundus[..., ::-1], vessel_map


def encode_png(image) -> bytes:
    """A PNG of (H,W,3) or (H,W) uint8, or of (H,W) bool as 0 and 255."""
    if image.dtype == bool:
        image = image.astype(np.uint8) * 255
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    fits, content = cv2.imencode(".png", image)
    if not fits:
        raise ValueError(f"not an image: {image.shape} {image.dtype}")
    return content.tobytes()


def resized(image, side):
    """(H,W,3) uint8 reduced to (side,side,3) by averaging."""
    return cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)


VERSION = "1.0.0"
