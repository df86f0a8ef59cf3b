"""Record files that plain TFDS reads."""

import hashlib
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow_datasets as tfds

from migan_tf.data import photographs
from migan_tf.synthesis import formats
from migan_tf.synthesis.job import Plan
from tests.synthetic_parts import SIDE, make_pair

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Three blocks, the last one empty, as a TFDS dataset."""
    root = tmp_path_factory.mktemp("data") / "made"
    plan = Plan("made", 30, "tfrecord")
    blocks = [[make_pair(0), make_pair(1)], [make_pair(10)], []]
    bytes_of = 0
    for block, pairs in enumerate(blocks):
        path = root / plan.record(block)
        path.parent.mkdir(parents=True, exist_ok=True)
        records = [formats.record_of(pair) for pair in pairs]
        bytes_of += path.write_bytes(formats.record_file(records))
    for name, content in formats.dataset_metadata(
        "made", SIDE, lengths=[2, 1, 0], bytes_of=bytes_of
    ):
        (root / name).write_bytes(content)
    return root


def test_plain_tfds_reads_it(dataset):
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


def test_the_program_reads_it_as_photographs(dataset):
    builder = tfds.builder_from_directory(str(dataset / "1.0.0"))
    found = photographs.read(builder, "train")
    names = ["0000000_training", "0000001_training", "0000010_training"]
    assert [p.image_id for p in found] == names
    pair = make_pair(1)
    np.testing.assert_array_equal(found[1].vessel_map, pair.vessel_map > 127)
    assert found[1].second_annotator is None


def test_metadata_is_the_same_wherever_it_is_made():
    one, two = (
        dict(
            formats.dataset_metadata("made", SIDE, lengths=[2, 1], bytes_of=99)
        )
        for _ in "ab"
    )
    assert one == two
    assert sorted(one) == ["1.0.0/dataset_info.json", "1.0.0/features.json"]


def test_another_process_gives_the_same_bytes():
    program = (
        "import hashlib; from migan_tf import synthetic_records as r;"
        "from tests.synthetic_parts import make_pair;"
        "print(hashlib.sha256(r.record_of(make_pair(3))).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(3)
    }
    content = formats.record_of(make_pair(3))
    assert digests == {hashlib.sha256(content).hexdigest() + "\n"}


def test_one_pair_is_found_in_a_file():
    pairs = [make_pair(number) for number in (0, 1, 2)]
    records = [formats.record_of(pair) for pair in pairs]
    content = formats.record_file(records)
    assert content == formats.record_file(records)
    fundus, vessel_map = formats.read_record(content, "0000001_training")
    np.testing.assert_array_equal(fundus, pairs[1].fundus)
    np.testing.assert_array_equal(vessel_map, pairs[1].vessel_map)
    with pytest.raises(KeyError, match="0000009"):
        formats.read_record(content, "0000009_training")
