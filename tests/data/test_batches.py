"""The batch contract, the split, and examples that depend on nothing else."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from migan_tf.base.config import Config
from migan_tf.data import batches as data_batches
from migan_tf.data.photographs import Photograph


def make_photograph(number, height=90, width=80):
    rng = np.random.default_rng(number)
    y, x = np.mgrid[:height, :width]
    reach = (y - (height - 1) / 2) ** 2 + (x - (width - 1) / 2) ** 2
    lines = np.zeros((height, width), np.uint8)
    for _ in range(6):
        cv2.line(lines, *rng.integers(0, 80, (2, 2)).tolist(), 1, 2)
    fundus = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    fundus = cv2.GaussianBlur(fundus, (0, 0), 2)
    return Photograph(
        f"{number:02d}",
        fundus,
        fov_mask=reach < 38**2,
        vessel_map=lines > 0,
        second_annotator=None,
    )


PHOTOGRAPHS = [make_photograph(number) for number in range(5)]


def config(**settings):
    return Config(image_size=64, noise_size=7, **settings)


@pytest.fixture(scope="module")
def examples():
    return [
        data_batches.network_example(p, 64, "center_square")
        for p in PHOTOGRAPHS
    ]


def batches(examples, settings, first, last, task="synthesis", **worker):
    dataset = data_batches.training_batches(
        examples,
        settings,
        task=task,
        first_batch=first,
        last_batch=last,
        **worker,
    )
    return [{k: v.numpy() for k, v in batch.items()} for batch in dataset]


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


def join(parts):
    return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}


def test_network_example_keeps_the_contract(examples):
    example = examples[0]
    shapes = {name: plane.shape for name, plane in example.items()}
    assert shapes == {
        "fundus": (64, 64, 3),
        "standardized_fundus": (64, 64, 3),
        "vessel_map": (64, 64, 1),
        "fov_mask": (64, 64, 1),
    }
    assert all(plane.dtype == np.float32 for plane in example.values())
    # 0 … 255 -> -1 … 1: the mean colour stays where it was.
    inside = PHOTOGRAPHS[0].fundus[20:60, 20:60].mean() / 127.5 - 1
    found = example["fundus"][13:45, 17:49].mean()
    assert found == pytest.approx(inside, abs=0.03)
    fov = example["fov_mask"][..., 0] > 0
    scores = example["standardized_fundus"][fov]
    np.testing.assert_allclose(scores.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(scores.std(0), 1, atol=1e-4)
    assert not example["standardized_fundus"][~fov].any()


def test_vessel_maps_stay_soft(examples):
    settings = config(batch_size=5)
    drawn = batches(examples, settings, 0, 1)[0]["vessel_map"]
    for soft in (examples[0]["vessel_map"], drawn):
        assert 0 <= soft.min() and soft.max() <= 1
        assert ((soft > 0.05) & (soft < 0.95)).mean() > 0.02
    # As much vessel as in the photograph's square, in pixels of 80/64.
    area = PHOTOGRAPHS[0].vessel_map[5:85].sum() * (64 / 80) ** 2
    assert examples[0]["vessel_map"].sum() == pytest.approx(area, rel=0.02)


@pytest.mark.parametrize(
    ("task", "size"), [("segmentation", 32), ("synthesis", 64)]
)
def test_batches_keep_the_contract(examples, task, size):
    settings = config(batch_size=2, crop_size=32, photometric_jitter=0.2)
    dataset = data_batches.training_batches(
        examples, settings, task=task, first_batch=0, last_batch=3
    )
    spec = {name: tuple(s.shape) for name, s in dataset.element_spec.items()}
    assert spec == {
        "fundus": (2, size, size, 3),
        "standardized_fundus": (2, size, size, 3),
        "vessel_map": (2, size, size, 1),
        "fov_mask": (2, size, size, 1),
        "noise": (2, 7),
    }
    assert {s.dtype for s in dataset.element_spec.values()} == {tf.float32}
    drawn = batches(examples, settings, 0, 3, task)
    assert len(drawn) == 3
    for batch in drawn:
        assert np.abs(batch["fundus"]).max() <= 1
        assert set(np.unique(batch["fov_mask"])) <= {0, 1}
        outside = batch["fov_mask"][..., 0] == 0
        assert not batch["standardized_fundus"][outside].any()


def test_resuming_gives_the_batches_of_an_undisturbed_run(examples):
    settings = config(batch_size=2, seed=3, photometric_jitter=0.1)
    whole = batches(examples, settings, 0, 6)
    resumed = batches(examples, settings, 4, 6)
    assert len(whole) == 6 and len(resumed) == 2
    for one, other in zip(whole[4:], resumed, strict=True):
        assert_same(one, other)
    assert not np.array_equal(whole[4]["fundus"], whole[5]["fundus"])


def test_workers_and_replicas_share_the_global_batch(examples):
    settings = config(batch_size=4, seed=1)
    whole = batches(examples, settings, 2, 4)
    slices = [
        batches(examples, settings, 2, 4, worker=w, workers=2) for w in (0, 1)
    ]
    for batch, *parts in zip(whole, *slices, strict=True):
        assert_same(batch, join(parts))
    # A process with two replicas hands each a slice in turn.
    parts = batches(examples, settings, 2, 4, replicas=2)
    assert len(parts) == 4
    for number, batch in enumerate(whole):
        assert_same(batch, join(parts[2 * number : 2 * number + 2]))


def marked(examples):
    """The examples, each told by the constant value of its vessel map."""
    return [
        {**e, "vessel_map": np.full_like(e["vessel_map"], number / 10)}
        for number, e in enumerate(examples)
    ]


def test_each_epoch_shows_each_image_once(examples):
    settings = config(rotation_degrees=0.0, seed=2)
    drawn = [
        data_batches.draw_example(marked(examples), settings, size=64, number=n)
        for n in range(20)
    ]
    shown = [round(10 * e["vessel_map"].mean()) for e in drawn]
    epochs = [tuple(shown[n : n + 5]) for n in range(0, 20, 5)]
    assert all(sorted(epoch) == [0, 1, 2, 3, 4] for epoch in epochs)
    assert len(set(epochs)) > 1


def test_an_example_is_a_function_of_seed_and_number(examples):
    settings = config(seed=4)
    first = data_batches.draw_example(examples, settings, size=64, number=9)
    data_batches.draw_example(examples, settings, size=64, number=1)
    assert_same(
        first, data_batches.draw_example(examples, settings, size=64, number=9)
    )
    for seed, number in ((5, 9), (4, 14)):
        other = data_batches.draw_example(
            examples, config(seed=seed), size=64, number=number
        )
        assert not np.array_equal(first["noise"], other["noise"])
        assert not np.array_equal(first["fundus"], other["fundus"])


def test_drawing_leaves_the_examples_alone(examples):
    before = [{k: v.copy() for k, v in e.items()} for e in examples]
    batches(examples, config(photometric_jitter=0.3, batch_size=5), 0, 2)
    for one, other in zip(before, examples, strict=True):
        assert_same(one, other)


@pytest.mark.parametrize("stddev", [0.001, 1.0, 0.0])
def test_noise_has_its_stddev(examples, stddev):
    settings = Config(image_size=64, noise_size=4000, noise_stddev=stddev)
    noise = data_batches.draw_example(examples, settings, size=64, number=0)[
        "noise"
    ]
    assert noise.shape == (4000,)
    assert noise.std() == pytest.approx(stddev, rel=0.05)
    assert abs(noise.mean()) <= 0.08 * stddev


def test_augmented_validation_shows_training_images_turned(examples):
    settings = config(seed=1, validation_images=7, crop_size=32)
    seven = data_batches.augmented_validation(examples, settings)
    again = data_batches.augmented_validation(examples, settings)
    assert len(seven) == len(again) == 7
    for one, other in zip(seven, again, strict=True):
        assert_same(one, other)
        assert one["fundus"].shape == (64, 64, 3)  # whole, not cropped
    # In turn, so that the sixth is the first image again, at another angle.
    copies = data_batches.augmented_validation(marked(examples), settings)
    levels = [e["vessel_map"][32, 32, 0] for e in copies]
    assert levels == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0, 0.1], abs=1e-3)
    assert not np.array_equal(seven[0]["fundus"], seven[5]["fundus"])
    trained = data_batches.draw_example(examples, settings, size=64, number=0)
    assert not any(
        np.array_equal(e["fundus"], trained["fundus"]) for e in seven
    )
