"""From a prepared dataset to training and validation images."""

import numpy as np
import pytest
import tensorflow as tf

from migan_tf import data
from migan_tf.config import Config
from migan_tf.errors import UserError


class Prepared:
    """Stands for a TFDS builder: examples with the contract's features."""

    def __init__(self, splits):
        self.splits = splits

    def as_dataset(self, split):
        rows = self.splits[split]
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
    photographs = data.load_photographs(builder, "train")
    assert [p.image_id for p in photographs] == ["im01", "im05", "im09"]
    for photograph, row in zip(
        photographs, (rows[1], rows[2], rows[0]), strict=True
    ):
        np.testing.assert_array_equal(photograph.fundus, row["fundus"])
        for name in ("vessel_map", "fov_mask"):
            plane = getattr(photograph, name)
            assert plane.dtype == bool and plane.shape == (6, 5)
            np.testing.assert_array_equal(plane, row[name][..., 0] == 255)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", [True, False])
def test_absent_annotations_are_none(first, second):
    builder = Prepared({"test": [make_row("01", first, second)]})
    (photograph,) = data.load_photographs(builder, "test")
    assert (photograph.vessel_map is not None) == first
    assert (photograph.second_annotator is not None) == second


def make_photographs(number):
    empty = np.zeros((4, 4), bool)
    return [
        data.Photograph(f"{n:02d}", np.zeros((4, 4, 3)), empty, empty, None)
        for n in range(number)
    ]


def ids(photographs):
    return [photograph.image_id for photograph in photographs]


def test_split_is_by_image_and_sorted():
    photographs = make_photographs(20)
    training, validation = data.split_validation(photographs, 1, 0)
    assert len(training) == 19 and len(validation) == 1
    training, validation = map(ids, data.split_validation(photographs, 7, 0))
    assert training == sorted(training) and validation == sorted(validation)
    assert sorted(training + validation) == ids(photographs)


def test_split_is_seeded():
    photographs = make_photographs(5)
    held_out = [
        ids(data.split_validation(photographs, 1, seed % 30)[1])[0]
        for seed in range(60)
    ]
    assert held_out[:30] == held_out[30:]
    assert set(held_out) == set(ids(photographs))


@pytest.mark.parametrize("count", [5, 9])
def test_a_split_that_leaves_nothing_is_refused(count):
    expected = f"--validation_images.* 5 .*Received: {count}"
    with pytest.raises(UserError, match=expected):
        data.split_validation(make_photographs(5), count, 0)


def test_augmented_validation_shows_training_images_turned():
    rng = np.random.default_rng(0)
    examples = [
        {
            "fundus": np.full((64, 64, 3), level, np.float32),
            "vessel_map": rng.random((64, 64, 1)).astype(np.float32),
            "fov_mask": np.ones((64, 64, 1), np.float32),
        }
        for level in (-0.5, 0.25)
    ]
    settings = Config(image_size=64, crop_size=32, noise_size=7, seed=1)
    once, again = (
        data.augmented_validation(examples, settings) for _ in range(2)
    )
    assert len(once) == 1  # --validation_images
    settings = Config(
        image_size=64, noise_size=7, seed=1, validation_images=5
    )
    five = data.augmented_validation(examples, settings)
    assert [e["fundus"][32, 32, 0] for e in five] == pytest.approx(
        [-0.5, 0.25, -0.5, 0.25, -0.5]
    )
    for one, other in ((once[0], again[0]), (once[0], five[0])):
        for name, plane in one.items():
            np.testing.assert_array_equal(plane, other[name])
    # Whole images, each turned in its own way, none as any that is trained on.
    assert five[0]["fundus"].shape == (64, 64, 3)
    assert not np.array_equal(five[0]["fov_mask"], five[2]["fov_mask"])
    trained = data.draw_example(examples, settings, 64, 0)
    assert not np.array_equal(five[0]["fov_mask"], trained["fov_mask"])
