"""Writes a small made dataset, as `migan_tf.synthesize` makes large ones."""

import pathlib

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from migan_tf.phantom import retina as phantom_retina

FEATURES = ("vessel_map", "fov_mask", "second_annotator")


def make_pair(number, side=64):
    """One phantom as an example; its vessel map is soft."""
    retina = phantom_retina.phantom_retina(side, side, 7_000 + number)
    soft = np.asarray(retina.vessel_map, np.float32)
    soft = (soft + np.roll(soft, 1, 0)) / 2 / max(soft.max(), 1)
    return {
        "image_id": f"pair_{number:06d}",
        "fundus": retina.fundus,
        "vessel_map": np.round(soft * 255).astype(np.uint8)[..., None],
        "fov_mask": np.where(retina.fov_mask, 255, 0).astype(np.uint8)[
            ..., None
        ],
        "second_annotator": np.zeros((side, side, 1), np.uint8),
        "has_vessel_map": True,
        "has_second_annotator": False,
    }


def write(data_dir, name, pairs, shards=1, version="1.0.0") -> pathlib.Path:
    """Writes `pairs` as the split `train`; returns the version's folder."""
    side = pairs[0]["fundus"].shape[0]
    images = {
        plane: tfds.features.Image(
            shape=(side, side, channels), encoding_format="png"
        )
        for plane, channels in (("fundus", 3), *((n, 1) for n in FEATURES))
    }
    features = tfds.features.FeaturesDict(
        {
            "image_id": tfds.features.Text(),
            "has_vessel_map": tfds.features.Scalar(tf.bool),
            "has_second_annotator": tfds.features.Scalar(tf.bool),
            **images,
        }
    )
    folder = pathlib.Path(data_dir, name, version)
    folder.mkdir(parents=True)
    parts = [pairs[i::shards] for i in range(shards)]
    sizes = []
    for number, part in enumerate(parts):
        path = folder / f"{name}-train.tfrecord-{number:05d}-of-{shards:05d}"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for pair in part:
                writer.write(features.serialize_example(pair))
        sizes.append(path.stat().st_size)
    template = tfds.core.ShardedFileTemplate(
        data_dir=folder,
        dataset_name=name,
        split="train",
        filetype_suffix="tfrecord",
    )
    split = tfds.core.SplitInfo(
        name="train",
        shard_lengths=[len(part) for part in parts],
        num_bytes=sum(sizes),
        filename_template=template,
    )
    tfds.folder_dataset.write_metadata(
        data_dir=folder,
        features=features,
        split_infos=[split],
        version=version,
        check_data=False,
    )
    return folder
