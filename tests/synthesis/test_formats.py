"""The two formats that pairs are written in, read by other programs."""

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from migan_tf.data import photographs
from migan_tf.evaluation import predictions
from migan_tf.synthesis import formats
from migan_tf.synthesis.job import Plan
from migan_tf.synthesis.store import LocalStore
from tests.synthetic_parts import SIDE, contents, make_pair


def write(folder, form, *blocks):
    """Writes blocks of pairs as a job named `made`; returns its files."""
    plan = Plan("made", 10 * len(blocks), form, SIDE)
    files = formats.files_of(plan, LocalStore(folder))
    for block, pairs in enumerate(blocks):
        files.write_block(block, pairs)
    files.finish([len(pairs) for pairs in blocks])
    return files


def test_png_files_are_named_as_drive_names_them(tmp_path):
    write(tmp_path, "png", [make_pair(21), make_pair(7, arteries=True)])
    assert sorted(contents(tmp_path / "training")) == [
        "1st_manual/0000007_manual1.png",
        "1st_manual/0000021_manual1.png",
        "artery/0000007_artery.png",
        "images/0000007_training.png",
        "images/0000021_training.png",
        "mask/0000007_training_mask.png",
        "mask/0000021_training_mask.png",
        "vein/0000007_vein.png",
    ]


def test_another_library_reads_the_same_pixels_from_png_files(tmp_path):
    pair = make_pair(4)
    files = write(tmp_path, "png", [pair])
    cut = np.where(pair.vessel_map > 127, np.uint8(255), np.uint8(0))
    planes = {
        "images/0000004_training.png": pair.fundus,
        "1st_manual/0000004_manual1.png": cut,
        "mask/0000004_training_mask.png": pair.fov_mask * np.uint8(255),
    }
    for name, plane in planes.items():
        with Image.open(tmp_path / "training" / name) as image:
            np.testing.assert_array_equal(np.asarray(image), plane)
    fundus, vessel_map = files.read(0, pair.image_id)
    np.testing.assert_array_equal(fundus, pair.fundus)
    np.testing.assert_array_equal(vessel_map, cut)


def test_the_scorer_pairs_the_png_files(tmp_path):
    write(tmp_path, "png", [make_pair(1), make_pair(2)])
    folder = tmp_path / "training"
    rows = predictions.read_scored(
        str(folder / "1st_manual"),
        str(folder / "1st_manual"),
        fov_masks=str(folder / "mask"),
        second_annotator="",
        fundus="",
    )
    assert len(rows) == 2


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Three blocks, the last one empty, as a TFDS dataset."""
    root = tmp_path_factory.mktemp("data") / "made"
    write(root, "tfrecord", [make_pair(0), make_pair(1)], [make_pair(10)], [])
    return root


def test_plain_tfds_reads_the_records(dataset):
    builder = tfds.builder("made", data_dir=dataset.parent)
    assert builder.info.splits["train"].num_examples == 3
    assert builder.info.full_name == "made/1.0.0"
    found = {
        example["image_id"].decode(): example
        for example in tfds.as_numpy(builder.as_dataset(split="train"))
    }
    assert len(found) == 3
    for number in (0, 1, 10):
        pair = make_pair(number)
        example = found[pair.image_id]
        np.testing.assert_array_equal(example["fundus"], pair.fundus)
        # Grey levels: soft maps are not cut.
        np.testing.assert_array_equal(
            example["vessel_map"][..., 0], pair.vessel_map
        )
        np.testing.assert_array_equal(
            example["fov_mask"][..., 0] > 0, pair.fov_mask
        )
        assert example["has_vessel_map"]
        assert not example["has_second_annotator"]


def test_the_program_reads_the_records_as_photographs(dataset):
    builder = tfds.builder_from_directory(str(dataset / "1.0.0"))
    found = photographs.read(builder, "train")
    names = ["0000000_training", "0000001_training", "0000010_training"]
    assert [p.image_id for p in found] == names
    pair = make_pair(1)
    np.testing.assert_array_equal(found[1].vessel_map, pair.vessel_map > 127)
    assert found[1].second_annotator is None


def test_features_of_a_record_are_in_one_order(tmp_path):
    """Otherwise the bytes of two processes would differ.

    A key of a serialized map is its tag, 10, its length, and the text.
    """
    write(tmp_path, "tfrecord", [make_pair(3)])
    (path,) = tmp_path.glob("1.0.0/*.tfrecord-*")
    names = sorted(
        "image_id fundus vessel_map fov_mask second_annotator "
        "has_vessel_map has_second_annotator".split()
    )
    content = path.read_bytes()
    places = [
        content.index(bytes([10, len(name)]) + name.encode()) for name in names
    ]
    assert places == sorted(places)


def test_one_pair_is_found_in_a_file_of_records(tmp_path):
    pairs = [make_pair(number) for number in (0, 1, 2)]
    files = write(tmp_path, "tfrecord", pairs)
    fundus, vessel_map = files.read(0, "0000001_training")
    np.testing.assert_array_equal(fundus, pairs[1].fundus)
    np.testing.assert_array_equal(vessel_map, pairs[1].vessel_map)
    with pytest.raises(KeyError, match="0000009"):
        files.read(0, "0000009_training")
