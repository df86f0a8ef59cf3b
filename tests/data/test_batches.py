"""The batch contract, the split, and examples that depend on nothing else."""

import dataclasses
import json

import cv2
import numpy as np
import pytest
import tensorflow as tf

from migan_tf.base.config import Config
from migan_tf.base.errors import UserError
from migan_tf.data import batches, photographs
from migan_tf.data.photographs import Photograph
from migan_tf.training import trainer
from tests import made_datasets


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
        batches.network_example(p, 64, "center_square") for p in PHOTOGRAPHS
    ]


def take(examples, settings, first, last, task="synthesis", **worker):
    dataset = batches.training_batches(
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
        "vessel_map": (64, 64, 1),
        "fov_mask": (64, 64, 1),
    }
    assert all(plane.dtype == np.float32 for plane in example.values())
    # 0 … 255 -> -1 … 1: the mean colour stays where it was.
    inside = PHOTOGRAPHS[0].fundus[20:60, 20:60].mean() / 127.5 - 1
    found = example["fundus"][13:45, 17:49].mean()
    assert found == pytest.approx(inside, abs=0.03)


def test_vessel_maps_stay_soft(examples):
    settings = config(batch_size=5)
    drawn = take(examples, settings, 0, 1)[0]["vessel_map"]
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
    dataset = batches.training_batches(
        examples, settings, task=task, first_batch=0, last_batch=3
    )
    spec = {name: tuple(s.shape) for name, s in dataset.element_spec.items()}
    expected = {
        "fundus": (2, size, size, 3),
        "vessel_map": (2, size, size, 1),
        "fov_mask": (2, size, size, 1),
        "noise": (2, 7),
    }
    if task == "segmentation":
        expected["standardized_fundus"] = (2, size, size, 3)
    assert spec == expected
    assert {s.dtype for s in dataset.element_spec.values()} == {tf.float32}
    drawn = take(examples, settings, 0, 3, task)
    assert len(drawn) == 3
    for batch in drawn:
        assert np.abs(batch["fundus"]).max() <= 1
        assert set(np.unique(batch["fov_mask"])) <= {0, 1}
        outside = batch["fov_mask"][..., 0] == 0
        if task == "segmentation":
            assert not batch["standardized_fundus"][outside].any()


def test_resuming_gives_the_batches_of_an_undisturbed_run(examples):
    settings = config(batch_size=2, seed=3, photometric_jitter=0.1)
    whole = take(examples, settings, 0, 6)
    resumed = take(examples, settings, 4, 6)
    assert len(whole) == 6 and len(resumed) == 2
    for one, other in zip(whole[4:], resumed, strict=True):
        assert_same(one, other)
    assert not np.array_equal(whole[4]["fundus"], whole[5]["fundus"])


def test_workers_and_replicas_share_the_global_batch(examples):
    settings = config(batch_size=4, seed=1)
    whole = take(examples, settings, 2, 4)
    slices = [
        take(examples, settings, 2, 4, worker=w, workers=2) for w in (0, 1)
    ]
    for batch, *parts in zip(whole, *slices, strict=True):
        assert_same(batch, join(parts))
    # A process with two replicas hands each a slice in turn.
    parts = take(examples, settings, 2, 4, replicas=2)
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
        batches.draw_example(marked(examples), settings, size=64, number=n)
        for n in range(20)
    ]
    shown = [round(10 * e["vessel_map"].mean()) for e in drawn]
    epochs = [tuple(shown[n : n + 5]) for n in range(0, 20, 5)]
    assert all(sorted(epoch) == [0, 1, 2, 3, 4] for epoch in epochs)
    assert len(set(epochs)) > 1


def test_an_example_is_a_function_of_seed_and_number(examples):
    settings = config(seed=4)
    first = batches.draw_example(examples, settings, size=64, number=9)
    batches.draw_example(examples, settings, size=64, number=1)
    assert_same(
        first, batches.draw_example(examples, settings, size=64, number=9)
    )
    for seed, number in ((5, 9), (4, 14)):
        other = batches.draw_example(
            examples, config(seed=seed), size=64, number=number
        )
        assert not np.array_equal(first["noise"], other["noise"])
        assert not np.array_equal(first["fundus"], other["fundus"])


def test_drawing_leaves_the_examples_alone(examples):
    before = [{k: v.copy() for k, v in e.items()} for e in examples]
    take(examples, config(photometric_jitter=0.3, batch_size=5), 0, 2)
    for one, other in zip(before, examples, strict=True):
        assert_same(one, other)


@pytest.mark.parametrize("stddev", [0.001, 1.0, 0.0])
def test_noise_has_its_stddev(examples, stddev):
    settings = Config(image_size=64, noise_size=4000, noise_stddev=stddev)
    noise = batches.draw_example(examples, settings, size=64, number=0)["noise"]
    assert noise.shape == (4000,)
    assert noise.std() == pytest.approx(stddev, rel=0.05)
    assert abs(noise.mean()) <= 0.08 * stddev


def test_augmented_validation_shows_training_images_turned(examples):
    settings = config(seed=1, validation_images=7, crop_size=32)
    seven = batches.augmented_validation(examples, settings)
    again = batches.augmented_validation(examples, settings)
    assert len(seven) == len(again) == 7
    for one, other in zip(seven, again, strict=True):
        assert_same(one, other)
        assert one["fundus"].shape == (64, 64, 3)  # whole, not cropped
    # In turn, so that the sixth is the first image again, at another angle.
    copies = batches.augmented_validation(marked(examples), settings)
    levels = [e["vessel_map"][32, 32, 0] for e in copies]
    assert levels == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0, 0.1], abs=1e-3)
    assert not np.array_equal(seven[0]["fundus"], seven[5]["fundus"])
    trained = batches.draw_example(examples, settings, size=64, number=0)
    assert not any(
        np.array_equal(e["fundus"], trained["fundus"]) for e in seven
    )


PAIRS = [made_datasets.make_pair(number) for number in range(4)]


@pytest.fixture(scope="module")
def extra_config(tiny_config, tmp_path_factory):
    """The tiny run with a made dataset of four pairs beside its own."""
    made_datasets.write(tiny_config.data_dir, "synth", PAIRS, shards=2)
    return dataclasses.replace(
        tiny_config, extra_dataset="synth", train_photographs=3, seed=5
    )


def draw(extra_config, numbers):
    """How many of the examples of those numbers are extra, and all of them."""
    found = batches.load_training_set(extra_config)
    real = found.network_examples(extra_config)
    marked = [{**e, "vessel_map": np.zeros_like(e["vessel_map"])} for e in real]
    drawn = [
        batches.draw_example(
            marked,
            extra_config,
            size=64,
            number=n,
            colour_code=None,
            extra=found.extra,
        )
        for n in numbers
    ]
    return sum(e["vessel_map"].any() for e in drawn), drawn


def test_the_record_names_all_that_trains(extra_config):
    found = batches.load_training_set(extra_config)
    source = photographs.Source.of(extra_config)
    held_out = photographs.load(source, "validation")
    record = found.record(extra_config, held_out)
    trained = [p.image_id for p in photographs.load(source, "train")]
    assert list(record) == ["train", "validation", "extra"]
    assert list(record["train"]) == trained and len(trained) == 3
    assert not set(record["train"]) & set(record["validation"])
    assert record["extra"] == {"synth": found.extra.sha256()}
    plain = dataclasses.replace(extra_config, extra_dataset="")
    assert "extra" not in batches.load_training_set(plain).record(
        plain, held_out
    )


def test_the_share_is_that_of_the_examples(extra_config):
    share = dataclasses.replace(extra_config, extra_share=0.25)
    extra, _ = draw(share, range(200))
    # Binomial: 50 of 200 with a standard deviation of 6.
    assert 32 <= extra <= 68
    for whole, count in ((1.0, 8), (0.0, 0)):
        only = dataclasses.replace(extra_config, extra_share=whole)
        assert draw(only, range(8))[0] == count


@pytest.mark.parametrize("first_batch", [0, 1, 3])
def test_extra_examples_come_first_where_asked_for(extra_config, first_batch):
    """In three fifths of five batches of two; also after a resumption."""
    config = dataclasses.replace(
        extra_config, extra_share=1.0, extra_until=0.6, batch_size=2
    )
    found = batches.load_training_set(config)
    drawn = batches.training_batches(
        found.network_examples(config),
        config,
        task="segmentation",
        first_batch=first_batch,
        last_batch=5,
        extra=found.extra,
    )
    shown = np.concatenate([b["vessel_map"].numpy() for b in drawn])
    expected = [
        batches.draw_example(
            found.network_examples(config),
            config,
            size=config.network_size("segmentation"),
            number=number,
            extra=found.extra if number < 6 else (),
        )["vessel_map"]
        for number in range(2 * first_batch, 10)
    ]
    np.testing.assert_array_equal(shown, np.stack(expected))


def test_an_extra_example_is_a_function_of_seed_and_number(extra_config):
    _, whole = draw(extra_config, range(12))
    _, again = draw(extra_config, [9, 3])
    for one, other in ((whole[9], again[0]), (whole[3], again[1])):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


def test_an_epoch_shows_each_extra_pair_once(extra_config):
    only = dataclasses.replace(
        extra_config, extra_share=1.0, rotation_degrees=0.0, flip=False
    )
    _, drawn = draw(only, range(8))
    known = [pair["vessel_map"] / np.float32(255) for pair in PAIRS]
    shown = [
        int(np.argmin([np.abs(e["vessel_map"] - k).sum() for k in known]))
        for e in drawn
    ]
    assert sorted(shown[:4]) == sorted(shown[4:]) == [0, 1, 2, 3]


def test_the_photographs_keep_their_turns(extra_config):
    """Where no extra pair is drawn, the example is that of a run without."""
    found = batches.load_training_set(extra_config)
    real = found.network_examples(extra_config)
    same = 0
    for number in range(30):
        plain, mixed = (
            batches.draw_example(
                real,
                extra_config,
                size=64,
                number=number,
                colour_code=None,
                extra=extra,
            )
            for extra in ((), found.extra)
        )
        np.testing.assert_array_equal(plain["noise"], mixed["noise"])
        same += np.array_equal(plain["fundus"], mixed["fundus"])
    assert 5 <= same <= 25


@pytest.mark.slow
def test_a_run_trains_on_them_and_says_so(extra_config, tmp_path):
    settings = {"task": "segmentation", "segmentation_steps": 3}
    run = dataclasses.replace(
        extra_config, workdir=str(tmp_path), extra_share=1.0, **settings
    )
    assert trainer.train(run) == 0
    folder = tmp_path / "segmentation"
    record = json.loads((folder / "run.json").read_text())
    assert list(record["data"]["extra"]) == ["synth"]
    assert "--extra_share=1.0" in (folder / "run.flags").read_text()
    assert trainer.train(run) == 0  # all is done
    with pytest.raises(UserError, match="--extra_count=2 .the run has 0."):
        trainer.train(dataclasses.replace(run, extra_count=2))


@pytest.mark.slow
def test_a_damaged_pair_ends_the_run_in_words(extra_config, tmp_path):
    folder = made_datasets.write(tmp_path / "data", "hurt", PAIRS)
    (path,) = folder.glob("*.tfrecord*")
    content = path.read_bytes()
    run = dataclasses.replace(
        extra_config,
        dataset="phantom/demo",
        extra_dataset="hurt",
        extra_share=1.0,
        data_dir=str(tmp_path / "data"),
        workdir=str(tmp_path / "run"),
        task="segmentation",
    )
    path.write_bytes(content.replace(b"IDAT", b"IDOT"))
    with pytest.raises(UserError, match=f"{path} is damaged: the .* no image"):
        trainer.train(run)
