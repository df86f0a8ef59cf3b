"""What is written at the end is a function of the blocks."""

import dataclasses
import json
import pathlib
import shutil

import numpy as np
import pytest
import tensorflow_datasets as tfds

from migan_tf.base.errors import UserError
from migan_tf.data import batches
from migan_tf.synthesis import formats, gate, job, summary
from migan_tf.synthesis.job import Plan
from migan_tf.synthesis.store import LocalStore
from tests.synthetic_parts import (
    SIDE,
    StandInMaker,
    contents,
    make_pair,
    read_png,
)


def plan_of(count, form="png"):
    return Plan("made", count, form, SIDE)


def make_all(plan, folder, order=None):
    """Makes all blocks and sums them up."""
    store, maker = LocalStore(folder), StandInMaker()
    for block in order or range(plan.blocks):
        job.make_block(plan, store, maker=maker, block=block)
    return summary.finish(plan, store)


@pytest.mark.parametrize("form", formats.BY_NAME)
def test_the_order_of_the_blocks_does_not_show(form, tmp_path):
    plan = plan_of(25, form)
    one = make_all(plan, tmp_path / "one" / "made")
    two = make_all(plan, tmp_path / "two" / "made", [2, 0, 1])
    assert one == two
    files = contents(tmp_path / "one" / "made")
    assert files == contents(tmp_path / "two" / "made")
    # 3 parts of the manifest, summary and sheet; and 24 pairs of 3 pictures,
    # or 3 record files and two of TFDS.
    assert len(files) == 5 + (72 if form == "png" else 5)


def test_the_summary_counts_by_reason(tmp_path):
    found = make_all(plan_of(25), tmp_path)
    assert found == json.loads((tmp_path / "summary.json").read_text())
    assert (found["pairs"], found["given_up"]) == (24, 1)
    assert found["images_made"] == 24 + 3
    assert found["refused"] == {
        "blank": 1,
        "holes": 0,
        "gamut": 0,
        "vessels": 2,
        "copy": 0,
    }
    # 0.5 + n / 100 for 0 … 24 without 3: between those of 12 and 13.
    assert found["consistency"]["median"] == pytest.approx(0.625)
    told = summary.describe(found)
    assert "24 pairs of 27 images made" in told
    assert "vessels 2 (7.4%)" in told and "given up: 1" in told


@pytest.mark.parametrize(
    "most, words", [("vessels", "--least_consistency"), ("gamut", "--noise")]
)
def test_a_shortfall_is_counted_and_says_what_to_change(most, words):
    refused = dict.fromkeys(gate.REASONS, 0) | {"copy": 1, most: 9}
    counts = {"pairs": 18, "given_up": 2, "refused": refused}
    told = summary.shortfall(counts)
    assert "18 of 20 pairs were made" in told
    assert f"{most} 9" in told and "copy 1" in told and "blank" not in told
    assert words in told.partition("Next")[2]
    assert summary.shortfall(counts | {"given_up": 0}) == ""


def test_records_become_a_dataset_that_train_takes(tiny_config, tmp_path):
    make_all(plan_of(25, "tfrecord"), tmp_path / "made")
    builder = tfds.builder("made", data_dir=tmp_path)
    assert builder.info.splits["train"].num_examples == 24
    assert builder.info.splits["train"].shard_lengths == [9, 10, 5]
    size = sum(p.stat().st_size for p in tmp_path.glob("made/1.0.0/*record-*"))
    assert builder.info.dataset_size == size
    shutil.copytree(
        pathlib.Path(tiny_config.data_dir, "phantom"), tmp_path / "phantom"
    )
    taken = dataclasses.replace(
        tiny_config,
        task="segmentation",
        data_dir=str(tmp_path),
        extra_dataset="made",
        extra_count=5,
    )
    extra = batches.load_training_set(taken).extra
    assert len(extra) == 5
    expected = make_pair(4).vessel_map / np.float32(255)  # 3 is given up.
    np.testing.assert_allclose(extra[3]["vessel_map"][..., 0], expected)


@pytest.mark.parametrize("form", formats.BY_NAME)
def test_the_sheet_shows_maps_above_images(form, tmp_path):
    make_all(plan_of(12, form), tmp_path)
    sheet = read_png(tmp_path / "summary.png")
    # Eleven pairs, eight in a row: two rows of maps, two of images.
    side = summary.SHOWN_SIDE
    assert sheet.shape == (4 * side, 8 * side, 3)
    first_map = sheet[:side, :side]
    assert (first_map == first_map[..., :1]).all()  # Grey.
    assert not (
        sheet[side : 2 * side, :side, :1] == sheet[side : 2 * side, :side]
    ).all()
    assert not sheet[2 * side :, 3 * side :].any()


def test_nothing_let_through_is_no_error(tmp_path):
    class Strict(StandInMaker):
        def make(self, number):
            facts = {"image_id": None, "refused": [{"reason": "blank"}] * 5}
            facts["job"] = "one"
            return None, facts

    plan, store = plan_of(3, "tfrecord"), LocalStore(tmp_path)
    job.make_block(plan, store, maker=Strict(), block=0)
    found = summary.finish(plan, store)
    assert (found["pairs"], found["given_up"]) == (0, 3)
    assert found["consistency"] is None
    assert not (tmp_path / "summary.png").exists()


def test_blocks_of_two_jobs_are_not_mixed(tmp_path):
    plan, store = plan_of(25), LocalStore(tmp_path)
    for block, name in enumerate(("one", "one", "other")):
        job.make_block(plan, store, maker=StandInMaker(name), block=block)
    with pytest.raises(UserError, match="blocks of one job"):
        summary.finish(plan, store)
    assert not (tmp_path / "summary.json").exists()


def test_a_damaged_manifest_is_named(tmp_path):
    plan = plan_of(25)
    make_all(plan, tmp_path)
    (tmp_path / plan.manifest(1)).write_text('{"number": 1')
    with pytest.raises(UserError, match="00001-of-00003.jsonl is damaged"):
        summary.finish(plan, LocalStore(tmp_path))
