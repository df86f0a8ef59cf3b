"""Records by number, and what becomes of a file that was cut off."""

import dataclasses
import types
from concurrent import futures

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from migan_tf.base.errors import UserError
from migan_tf.data import extra_pairs, geometry, prepared
from migan_tf.data.extra_pairs import ExtraPairs as ExtraPairs
from migan_tf.data.extra_pairs import RecordFile
from tests import made_datasets

CONTENTS = [bytes([n]) * (97 * n) for n in range(20)]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "some.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for content in CONTENTS:
            writer.write(content)
    return path


def test_records_are_those_that_were_written(path):
    records = RecordFile(path)
    assert len(records) == len(CONTENTS)
    numbers = [7, 0, 19, 3] * 50
    with futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(records.__getitem__, numbers))
    assert found == [CONTENTS[n] for n in numbers]


@pytest.mark.parametrize("lost", [1, 4, 5, 1900])
def test_a_file_that_was_cut_off_is_refused(path, lost):
    path.write_bytes(path.read_bytes()[:-lost])
    with pytest.raises(UserError) as caught:
        RecordFile(path)
    text = str(caught.value)
    assert str(path) in text and "cut off" in text and "rm -r" in text


def test_a_file_that_shrinks_later_is_refused_then(path):
    records = RecordFile(path)
    path.write_bytes(path.read_bytes()[:-100])
    assert records[3] == CONTENTS[3]
    with pytest.raises(UserError, match="record 19 is cut off"):
        records[19]


def test_another_kind_of_file_is_refused(path):
    path.write_bytes(b"These are not records at all.")
    with pytest.raises(UserError, match="damaged"):
        RecordFile(path)


def test_the_digest_tells_contents_apart(path):
    before = RecordFile(path).sha256
    assert RecordFile(path).sha256 == before
    with tf.io.TFRecordWriter(str(path)) as writer:
        for content in CONTENTS[:-1]:
            writer.write(content)
        writer.write(CONTENTS[-1][:-1] + b"x")
    assert RecordFile(path).sha256 != before


def test_an_empty_file_has_no_records(tmp_path):
    (tmp_path / "none").touch()
    assert len(RecordFile(tmp_path / "none")) == 0


PAIRS = [made_datasets.make_pair(number) for number in range(5)]


def make(tmp_path, size=64, count=0, pairs=PAIRS):
    folder = made_datasets.write(tmp_path, "synth", pairs, shards=2)
    builder = prepared.ensure_prepared("synth", str(tmp_path))
    return ExtraPairs(
        builder, size, square_geometry="center_square", count=count
    ), folder


def test_examples_are_the_stored_ones_and_stay_soft(tmp_path):
    stored, _ = make(tmp_path)
    assert len(stored) == 5
    order = [PAIRS[n] for n in (0, 2, 4, 1, 3)]  # file after file
    for number, pair in enumerate(order):
        example = stored[number]
        shapes = {k: (v.shape, v.dtype.name) for k, v in example.items()}
        assert shapes == {
            "fundus": ((64, 64, 3), "float32"),
            "vessel_map": ((64, 64, 1), "float32"),
            "fov_mask": ((64, 64, 1), "float32"),
        }
        np.testing.assert_allclose(
            example["fundus"], pair["fundus"] / 127.5 - 1, atol=1e-6
        )
        np.testing.assert_allclose(
            example["vessel_map"], pair["vessel_map"] / 255, atol=1e-6
        )
        assert (np.abs(example["vessel_map"] - 0.5) < 0.1).any()
        np.testing.assert_array_equal(
            example["fov_mask"], pair["fov_mask"] // 255
        )


def test_tfds_reads_the_same(tmp_path):
    stored, folder = make(tmp_path)
    builder = tfds.builder_from_directory(folder)
    rows = tfds.as_numpy(builder.as_dataset(split="train"))
    for number, row in enumerate(rows):
        np.testing.assert_allclose(
            stored[number]["vessel_map"], row["vessel_map"] / 255, atol=1e-6
        )


def test_another_size_is_resampled(tmp_path):
    stored, _ = make(tmp_path, 128)
    example = stored[0]
    assert example["fundus"].shape == (128, 128, 3)
    area = PAIRS[0]["vessel_map"].sum() / 255 * 4
    assert example["vessel_map"].sum() == pytest.approx(area, rel=0.02)
    assert set(np.unique(example["fov_mask"])) == {0, 1}


def test_only_the_first_are_used(tmp_path):
    stored, _ = make(tmp_path, count=2)
    whole = ExtraPairs(
        prepared.ensure_prepared("synth", str(tmp_path)), 64, "stretch"
    )
    assert len(stored) == 2 and len(whole) == 5
    for number in range(2):
        np.testing.assert_array_equal(
            stored[number]["fundus"], whole[number]["fundus"]
        )
    assert stored.sha256() != whole.sha256()
    with pytest.raises(IndexError):
        stored[2]


def test_more_than_there_are_is_refused(tmp_path):
    with pytest.raises(UserError, match="--extra_count.* 5 .*Received: 6"):
        make(tmp_path, count=6)


def test_an_empty_dataset_is_refused(tmp_path):
    folder = made_datasets.write(tmp_path, "synth", PAIRS[:1])
    builder = prepared.ensure_prepared("synth", str(tmp_path))
    (path,) = folder.glob("*.tfrecord*")
    path.write_bytes(b"")
    lengths = types.SimpleNamespace(shard_lengths=[0], filepaths=[path])
    info = types.SimpleNamespace(
        splits={"train": lengths}, file_format=builder.info.file_format
    )
    empty = types.SimpleNamespace(info=info, data_dir=str(folder))
    with pytest.raises(UserError, match="must hold examples. Received: .*emp"):
        ExtraPairs(empty, 64, "stretch")


def test_a_pair_without_its_map_is_refused(tmp_path):
    stored, _ = make(
        tmp_path, pairs=[{**PAIRS[0], "has_vessel_map": False}] * 2
    )
    with pytest.raises(UserError, match="record 0 of .* has no vessel map"):
        stored[0]


def test_damage_within_a_record_is_found(tmp_path):
    stored, folder = make(tmp_path)
    (path,) = folder.glob("*00000-of-00002")
    content = bytearray(path.read_bytes())
    place = content.index(b"IDAT") + 200
    content[place] ^= 0x55
    path.write_bytes(content)
    with pytest.raises(UserError, match="of record 0 is no image") as caught:
        stored[0]
    assert str(path) in str(caught.value)
    content[12:400] = b"\xff" * 388
    path.write_bytes(content)
    with pytest.raises(UserError, match="record 0 cannot be parsed"):
        stored[0]


def test_a_file_of_another_number_of_records_is_refused(tmp_path):
    _, folder = make(tmp_path)
    one, other = sorted(folder.glob("*.tfrecord*"))
    other.write_bytes(one.read_bytes())
    with pytest.raises(UserError, match="3 records, and not 2"):
        ExtraPairs(
            prepared.ensure_prepared("synth", str(tmp_path)), 64, "stretch"
        )


def test_the_flags_say_which(tiny_config, tmp_path):
    assert extra_pairs.load_extra(tiny_config) == ()
    made_datasets.write(tmp_path, "synth", PAIRS)
    config = dataclasses.replace(
        tiny_config,
        data_dir=str(tmp_path),
        extra_dataset="synth",
        extra_count=4,
    )
    assert len(extra_pairs.load_extra(config)) == 4
    absent = dataclasses.replace(config, extra_dataset="cats")
    with pytest.raises(UserError, match="--extra_dataset must.*'cats'"):
        extra_pairs.load_extra(absent)


def test_the_short_way_gives_what_resampling_gives(tmp_path):
    stored, folder = make(tmp_path)
    (row,) = tfds.as_numpy(
        tfds.builder_from_directory(folder).as_dataset(split="train[:1]")
    )
    fundus, fov_mask = geometry.network_fundus(
        row["fundus"],
        row["fov_mask"][..., 0] > 0,
        size=64,
        geometry="center_square",
    )
    np.testing.assert_array_equal(stored[0]["fundus"], fundus * 2 - 1)
    np.testing.assert_array_equal(stored[0]["fov_mask"], fov_mask)
