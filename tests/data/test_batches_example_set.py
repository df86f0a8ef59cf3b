"""What a run trains on, beside its photographs and in its record."""

import dataclasses
import json

import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.data import batches, photographs
from migan_tf.training import trainer
from tests import made_datasets

PAIRS = [made_datasets.make_pair(number) for number in range(4)]


@pytest.fixture(scope="module")
def config(tiny_config, tmp_path_factory):
    """The tiny run with a made dataset of four pairs beside its own."""
    made_datasets.write(tiny_config.data_dir, "synth", PAIRS, shards=2)
    return dataclasses.replace(
        tiny_config, extra_dataset="synth", train_photographs=3, seed=5
    )


def draw(config, numbers):
    """How many of the examples of those numbers are extra, and all of them."""
    found = batches.load_training_set(config)
    real = found.network_examples(config)
    marked = [{**e, "vessel_map": np.zeros_like(e["vessel_map"])} for e in real]
    drawn = [
        batches.draw_example(
            marked,
            config,
            size=64,
            number=n,
            colour_code=None,
            extra=found.extra,
        )
        for n in numbers
    ]
    return sum(e["vessel_map"].any() for e in drawn), drawn


def test_the_record_names_all_that_trains(config):
    found = batches.load_training_set(config)
    held_out = photographs.load(config, "validation")
    record = found.record(config, held_out)
    trained = [p.image_id for p in photographs.load(config, "train")]
    assert list(record) == ["train", "validation", "extra"]
    assert list(record["train"]) == trained and len(trained) == 3
    assert not set(record["train"]) & set(record["validation"])
    assert record["extra"] == {"synth": found.extra.sha256()}
    plain = dataclasses.replace(config, extra_dataset="")
    assert "extra" not in batches.load_training_set(plain).record(
        plain, held_out
    )


def test_the_share_is_that_of_the_examples(config):
    share = dataclasses.replace(config, extra_share=0.25)
    extra, _ = draw(share, range(200))
    # Binomial: 50 of 200 with a standard deviation of 6.
    assert 32 <= extra <= 68
    for whole, count in ((1.0, 8), (0.0, 0)):
        only = dataclasses.replace(config, extra_share=whole)
        assert draw(only, range(8))[0] == count


def test_an_example_is_a_function_of_seed_and_number(config):
    _, whole = draw(config, range(12))
    _, again = draw(config, [9, 3])
    for one, other in ((whole[9], again[0]), (whole[3], again[1])):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


def test_an_epoch_shows_each_extra_pair_once(config):
    only = dataclasses.replace(
        config, extra_share=1.0, rotation_degrees=0.0, flip=False
    )
    _, drawn = draw(only, range(8))
    known = [pair["vessel_map"] / np.float32(255) for pair in PAIRS]
    shown = [
        int(np.argmin([np.abs(e["vessel_map"] - k).sum() for k in known]))
        for e in drawn
    ]
    assert sorted(shown[:4]) == sorted(shown[4:]) == [0, 1, 2, 3]


def test_the_photographs_keep_their_turns(config):
    """Where no extra pair is drawn, the example is that of a run without."""
    found = batches.load_training_set(config)
    real = found.network_examples(config)
    same = 0
    for number in range(30):
        plain, mixed = (
            batches.draw_example(
                real,
                config,
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
def test_a_run_trains_on_them_and_says_so(config, tmp_path):
    settings = {"task": "segmentation", "segmentation_steps": 3}
    run = dataclasses.replace(
        config, workdir=str(tmp_path), extra_share=1.0, **settings
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
def test_a_damaged_pair_ends_the_run_in_words(config, tmp_path):
    folder = made_datasets.write(tmp_path / "data", "hurt", PAIRS)
    (path,) = folder.glob("*.tfrecord*")
    content = path.read_bytes()
    run = dataclasses.replace(
        config,
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
