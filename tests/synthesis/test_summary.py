"""What is written at the end is a function of the blocks."""

import json

import numpy as np
import pytest
import tensorflow_datasets as tfds

from migan_tf.base.errors import UserError
from migan_tf.synthesis import job as synthesis_job
from migan_tf.synthesis import summary as synthesis_summary
from migan_tf.synthesis.flags import FORMATS
from migan_tf.synthesis.job import Plan
from migan_tf.synthesis.store import LocalStore
from tests.synthetic_parts import SIDE, StandInMaker, contents, read_png


def make_all(plan, folder, order=None):
    store, maker = LocalStore(folder), StandInMaker()
    for block in order or range(plan.blocks):
        synthesis_job.make_block(plan, store, maker=maker, block=block)
    return synthesis_summary.finish(plan, store, SIDE), maker


@pytest.mark.parametrize("form", FORMATS)
def test_the_order_of_the_blocks_does_not_show(form, tmp_path):
    plan = Plan("made", 25, form)
    one, _ = make_all(plan, tmp_path / "one" / "made")
    two, _ = make_all(plan, tmp_path / "two" / "made", [2, 0, 1])
    assert one == two
    files = contents(tmp_path / "one" / "made")
    assert files == contents(tmp_path / "two" / "made")
    # 3 parts of the manifest, summary and sheet; and 24 pairs of 3 pictures,
    # or 3 record files and two of TFDS.
    assert len(files) == 5 + (72 if form == "png" else 5)


def test_the_summary_counts_by_reason(tmp_path):
    summary, _ = make_all(Plan("made", 25, "png"), tmp_path)
    assert summary == json.loads((tmp_path / "summary.json").read_text())
    assert (summary["pairs"], summary["given_up"]) == (24, 1)
    assert summary["images_made"] == 24 + 3
    assert summary["refused"] == {
        "blank": 1,
        "holes": 0,
        "gamut": 0,
        "vessels": 2,
        "copy": 0,
    }
    # 0.5 + n / 100 for 0 … 24 without 3: between those of 12 and 13.
    assert summary["consistency"]["median"] == pytest.approx(0.625)
    told = synthesis_summary.describe(summary)
    assert "24 pairs of 27 images made" in told
    assert "vessels 2 (7.4%)" in told and "given up: 1" in told


def test_the_manifest_has_a_line_for_every_number(tmp_path):
    plan = Plan("made", 25, "png")
    make_all(plan, tmp_path)
    lines = [
        json.loads(line)
        for path in sorted((tmp_path / "manifest").iterdir())
        for line in path.read_text().splitlines()
    ]
    assert [line["number"] for line in lines] == list(range(25))
    assert [n for n in range(25) if lines[n]["image_id"] is None] == [3]


def test_records_become_a_dataset(tmp_path):
    make_all(Plan("made", 25, "tfrecord"), tmp_path / "made")
    builder = tfds.builder("made", data_dir=tmp_path)
    assert builder.info.splits["train"].num_examples == 24
    assert builder.info.splits["train"].shard_lengths == [9, 10, 5]
    size = sum(p.stat().st_size for p in tmp_path.glob("made/1.0.0/*record-*"))
    assert builder.info.dataset_size == size


@pytest.mark.parametrize("form", FORMATS)
def test_the_sheet_shows_maps_above_images(form, tmp_path):
    make_all(Plan("made", 12, form), tmp_path)
    sheet = read_png(tmp_path / "summary.png")
    # Eleven pairs, eight in a row: two rows of maps, two of images.
    side = synthesis_summary.SHOWN_SIDE
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

    plan, store = Plan("made", 3, "tfrecord"), LocalStore(tmp_path)
    synthesis_job.make_block(plan, store, maker=Strict(), block=0)
    summary = synthesis_summary.finish(plan, store, SIDE)
    assert (summary["pairs"], summary["given_up"]) == (0, 3)
    assert summary["consistency"] is None
    assert not (tmp_path / "summary.png").exists()


def test_pixels_are_what_the_maker_made(tmp_path):
    make_all(Plan("made", 12, "png"), tmp_path)
    image = read_png(tmp_path / "training/images/0000011_training.png")
    pair, _ = StandInMaker().make(11)
    np.testing.assert_array_equal(image[..., ::-1], pair.fundus)


def test_blocks_of_two_jobs_are_not_mixed(tmp_path):
    plan, store = Plan("made", 25, "png"), LocalStore(tmp_path)
    for block, job in enumerate(("one", "one", "other")):
        synthesis_job.make_block(
            plan, store, maker=StandInMaker(job), block=block
        )
    with pytest.raises(UserError, match="blocks of one job"):
        synthesis_summary.finish(plan, store, SIDE)
    assert not (tmp_path / "summary.json").exists()


def test_a_damaged_manifest_is_named(tmp_path):
    plan = Plan("made", 25, "png")
    make_all(plan, tmp_path)
    (tmp_path / plan.manifest(1)).write_text('{"number": 1')
    with pytest.raises(UserError, match="00001-of-00003.jsonl is damaged"):
        synthesis_summary.finish(plan, LocalStore(tmp_path), SIDE)
