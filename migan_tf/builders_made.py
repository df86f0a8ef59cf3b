"""Prepared datasets of which there is no builder's code: folders alone.

`python -m migan_tf.synthesize --format=tfrecord` writes them, as
DATA_DIR/NAME/VERSION/ with what `tfds.builder_from_directory` reads.
"""

import os
import pathlib

import tensorflow_datasets as tfds

from migan_tf.errors import UserError

_INFO = "dataset_info.json"


def names(data_dir: str = "") -> list[str]:
    """Names of the folders in `data_dir` that hold a prepared version."""
    root = folder(data_dir)
    if not root.is_dir():
        return []
    return sorted(path.name for path in root.iterdir() if _versions(path))


def builder(name: str, data_dir: str = "") -> tfds.core.DatasetBuilder | None:
    """The newest prepared version of a made dataset, None without one.

    Raises:
      UserError: its folder is damaged.
    """
    root = folder(data_dir)
    if not name or pathlib.Path(name).name != name:
        return None
    versions = _versions(root / name)
    if not versions:
        return None
    newest = root / name / str(max(versions))
    try:
        made = tfds.builder_from_directory(newest)
    except Exception as error:  # of many kinds: JSON, protobuf, features
        raise UserError(
            f"the prepared dataset {newest} is damaged: {error}. Remove it "
            "and make it again: python -m migan_tf.synthesize "
            f"--format=tfrecord --output={root / name} …"
        ) from error
    is_prepared(made)
    return made


def is_prepared(builder: tfds.core.DatasetBuilder) -> bool:
    """Whether a dataset is there; raises UserError if part of it is gone."""
    place = pathlib.Path(builder.data_dir)
    if not place.exists():
        return False
    shards = (
        path for split in builder.info.splits.values()
        for path in split.filepaths
    )  # fmt: skip
    gone = [str(path) for path in shards if not os.path.exists(path)]
    if gone or not builder.is_prepared():
        raise UserError(
            f"the prepared dataset {place} is damaged: "
            f"{gone[0] if gone else _INFO} is missing. "
            f"Remove it and run the command again: rm -r {place}"
        )
    return True


def folder(data_dir: str = "") -> pathlib.Path:
    """Where prepared datasets lie; empty: TFDS's own folder."""
    return pathlib.Path(data_dir or tfds.core.constants.DATA_DIR).expanduser()


def _versions(path: pathlib.Path) -> list[tfds.core.Version]:
    if not path.is_dir():
        return []
    return [
        tfds.core.Version(place.name)
        for place in path.iterdir()
        if tfds.core.Version.is_valid(place.name) and (place / _INFO).is_file()
    ]
