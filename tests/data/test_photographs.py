"""From a prepared dataset to training, validation and test photographs."""

import hashlib
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.base.errors import UserError
from migan_tf.data import annotated_files, photographs, prepared
from migan_tf.data.photographs import Source


class Prepared:
    """Stands for a TFDS builder: examples with the contract's features."""

    def __init__(self, splits):
        self.splits = splits
        self.info = SimpleNamespace(
            name="shapes", splits=splits, features=annotated_files.features()
        )

    def as_dataset(self, split, decoders, read_config):
        """Images as they are stored: they are asked for undecoded."""
        del read_config
        rows = [
            {
                name: tf.io.encode_png(value) if name in decoders else value
                for name, value in row.items()
            }
            for row in self.splits[split]
        ]
        return tf.data.Dataset.from_tensor_slices(
            {name: [row[name] for row in rows] for name in rows[0]}
        )


def make_row(image_id, has_vessel_map=True, has_second_annotator=False):
    rng = np.random.default_rng(sum(image_id.encode()))

    def binary():
        return 255 * rng.integers(0, 2, (6, 5, 1), dtype=np.uint8)

    return {
        "image_id": image_id,
        "fundus": rng.integers(0, 256, (6, 5, 3), dtype=np.uint8),
        "vessel_map": binary(),
        "fov_mask": binary(),
        "second_annotator": binary(),
        "has_vessel_map": has_vessel_map,
        "has_second_annotator": has_second_annotator,
    }


def test_photographs_are_read_sorted():
    rows = [make_row(image_id) for image_id in ("im09", "im01", "im05")]
    builder = Prepared({"train": rows, "test": [make_row("im00")]})
    found = photographs.read(builder, "train")
    assert [p.image_id for p in found] == ["im01", "im05", "im09"]
    for photograph, row in zip(found, (rows[1], rows[2], rows[0]), strict=True):
        np.testing.assert_array_equal(photograph.fundus, row["fundus"])
        for name in ("vessel_map", "fov_mask"):
            plane = getattr(photograph, name)
            assert plane.dtype == bool and plane.shape == (6, 5)
            np.testing.assert_array_equal(plane, row[name][..., 0] == 255)


@pytest.fixture
def decoded(monkeypatch):
    """The image ids of the photographs that were decoded, in their order."""
    made, found = photographs.Photograph, []

    def photograph(image_id, *arguments, **planes):
        found.append(image_id)
        return made(image_id, *arguments, **planes)

    monkeypatch.setattr(photographs, "Photograph", photograph)
    return found


def test_a_scan_knows_what_is_there_and_decodes_one_at_a_time(
    monkeypatch, decoded
):
    rows = [make_row("09"), make_row("01", has_vessel_map=False)]
    builder = Prepared({"test": rows})
    monkeypatch.setattr(prepared, "ensure_prepared", lambda *_: builder)
    found = photographs.scan(Source("drive"), "test")
    assert len(found) == 2 and decoded == []
    told = [(entry.image_id, entry.has_vessel_map) for entry in found.entries]
    assert told == [("01", False), ("09", True)]
    first = next(iter(found))
    assert first.image_id == "09" and decoded == ["09"]
    np.testing.assert_array_equal(first.fundus, rows[0]["fundus"])


def test_what_is_of_another_split_is_not_decoded(two_splits, decoded):
    source = Source("drive", validation_images=1)
    (held_out,) = photographs.scan(source, "validation")
    assert decoded == [held_out.image_id]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", [True, False])
def test_absent_annotations_are_none(first, second):
    builder = Prepared({"test": [make_row("01", first, second)]})
    (photograph,) = photographs.read(builder, "test")
    assert (photograph.vessel_map is not None) == first
    assert (photograph.second_annotator is not None) == second


def make_photographs(number):
    empty = np.zeros((4, 4), bool)
    return [
        photographs.Photograph(
            f"{n:02d}",
            np.zeros((4, 4, 3)),
            fov_mask=empty,
            vessel_map=empty,
            second_annotator=None,
        )
        for n in range(number)
    ]


def ids(found):
    return [photograph.image_id for photograph in found]


def test_split_is_by_image_and_sorted():
    drawn = make_photographs(20)
    training, held_out = photographs.split_validation(drawn, 1, 0)
    assert len(training) == 19 and len(held_out) == 1
    training, held_out = map(ids, photographs.split_validation(drawn, 7, 0))
    assert training == sorted(training) and held_out == sorted(held_out)
    assert sorted(training + held_out) == ids(drawn)


def test_split_is_seeded():
    drawn = make_photographs(5)
    held_out = [
        ids(photographs.split_validation(drawn, 1, seed % 30)[1])[0]
        for seed in range(60)
    ]
    assert held_out[:30] == held_out[30:]
    assert set(held_out) == set(ids(drawn))


@pytest.mark.parametrize("count", [5, 9])
def test_a_split_that_leaves_nothing_is_refused(count):
    expected = f"--validation_images.* 5 .*Received: {count}"
    with pytest.raises(UserError, match=expected):
        photographs.split_validation(make_photographs(5), count, 0)


@pytest.fixture
def two_splits(monkeypatch):
    """A dataset of six training photographs and two of the test split."""
    train = [make_row(f"{n:02d}") for n in range(21, 27)]
    test = [make_row("01", False), make_row("02", False)]
    builder = Prepared({"train": train, "test": test})
    asked = []

    def ensure_prepared(*arguments):
        asked.append(arguments)
        return builder

    monkeypatch.setattr(prepared, "ensure_prepared", ensure_prepared)
    return asked


def load(split, **settings):
    return ids(photographs.load(Source(dataset="drive", **settings), split))


def test_splits_of_a_run_are_disjoint(two_splits):
    train = load("train", validation_images=2, seed=3)
    validation = load("validation", validation_images=2, seed=3)
    assert len(train) == 4 and len(validation) == 2
    assert sorted(train + validation) == [f"{n}" for n in range(21, 27)]
    assert load("test") == ["01", "02"]
    load("test", data_dir="d", manual_dir="m")
    assert two_splits[-1] == ("drive", "d", "m")


def test_the_papers_split_shares_the_photographs(two_splits):
    settings = {"validation_split": "augmented", "validation_images": 2}
    assert load("train", **settings) == load("validation", **settings)
    assert len(load("train", **settings)) == 6
    # Of fewer photographs, validation sees copies of these and no others.
    settings["train_photographs"] = 2
    assert load("train", **settings) == load("validation", **settings)
    assert len(load("train", **settings)) == 2


def test_smaller_subsets_lie_in_larger_ones(two_splits):
    held_out = load("validation", seed=3)
    whole = load("train", seed=3)
    found = [load("train", seed=3, train_photographs=n) for n in range(1, 6)]
    assert [len(subset) for subset in found] == [1, 2, 3, 4, 5]
    for one, other in zip(found, found[1:], strict=False):
        assert set(one) < set(other) and one == sorted(one)
    assert found[-1] == whole and not set(whole) & set(held_out)
    assert load("validation", seed=3, train_photographs=2) == held_out
    with pytest.raises(UserError, match="--train_photographs.* 5 .*: 6"):
        load("train", train_photographs=6)


def test_a_split_that_is_not_there_is_said(monkeypatch):
    builder = Prepared({"train": [make_row("21")]})
    monkeypatch.setattr(prepared, "ensure_prepared", lambda *_: builder)
    with pytest.raises(UserError, match="shapes has no split `test`, only tr"):
        load("test")


def test_unknown_splits_are_refused(two_splits):
    with pytest.raises(UserError, match="--split must be.*Received: all"):
        load("all")
    assert two_splits == []  # before anything is built


@pytest.fixture
def several(monkeypatch):
    """{name: {split: rows}} to fill; datasets of these names are prepared."""
    splits = {}
    monkeypatch.setattr(
        prepared,
        "ensure_prepared",
        lambda name, *_: Prepared(splits[name]),
    )
    return splits


def test_several_datasets_are_one(several):
    several["drive"] = {"test": [make_row("02"), make_row("01")]}
    several["stare"] = {"test": [make_row("im1")]}
    both = photographs.load(Source("drive,stare"), "test")
    assert ids(both) == ["01", "02", "im1"]


def test_ids_that_clash_begin_with_their_datasets_name(several):
    several["drive"] = {"test": [make_row("02"), make_row("01")]}
    several["stare"] = {"test": [make_row("03"), make_row("04")]}
    several["stare"]["test"][0]["image_id"] = "01"
    both = photographs.load(Source("drive,stare"), "test")
    assert ids(both) == ["drive_01", "drive_02", "stare_01", "stare_04"]
    expected = several["stare"]["test"][0]["fundus"]
    np.testing.assert_array_equal(both[2].fundus, expected)


def test_one_photograph_in_two_datasets_is_refused(several):
    """It could be trained on under one name and validate under the other."""
    several["drive"] = {"test": [make_row("02"), make_row("01")]}
    several["stare"] = {"test": [make_row("01")]}
    several["stare"]["test"][0]["image_id"] = "im1"
    with pytest.raises(UserError, match="01 of drive, which is im1 of stare"):
        photographs.load(Source("drive,stare"), "test")


def test_sha256_is_of_the_pixels():
    fundus = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    plane = np.eye(4, dtype=bool)
    photograph = photographs.Photograph(
        "01", fundus, fov_mask=plane, vessel_map=~plane, second_annotator=None
    )
    content = bytes(range(48))
    content += bytes(int(r == c) for r in range(4) for c in range(4))
    content += bytes(int(r != c) for r in range(4) for c in range(4))
    expected = hashlib.sha256(content).hexdigest()
    assert photograph.sha256() == expected
    without = photographs.Photograph(
        "02", fundus, fov_mask=plane, vessel_map=None, second_annotator=plane
    )
    expected = hashlib.sha256(content[:64]).hexdigest()
    assert without.sha256() == expected
