"""Blocks cover all numbers, a folder is of one job, a block is made once."""

import pytest

from migan_tf.base.errors import UserError
from migan_tf.synthesis import formats, job
from migan_tf.synthesis.job import Plan
from migan_tf.synthesis.store import LocalStore
from tests.synthetic_parts import SIDE, StandInMaker


@pytest.mark.parametrize(
    "count, size, blocks",
    # At least 10 and at most 100 in a block, else some 200 blocks.
    [
        (1, 10, 1),
        (10, 10, 1),
        (11, 10, 2),
        (5001, 26, 193),
        (10**6, 100, 10_000),
    ],
)
def test_blocks_are_consecutive_and_cover_all(count, size, blocks):
    plan = Plan("made", count, "png", SIDE)
    assert (plan.block_size, plan.blocks) == (size, blocks)
    numbers = [n for b in range(plan.blocks) for n in plan.numbers(b)]
    assert numbers == list(range(count))


@pytest.mark.parametrize("shards", [1, 2, 3, 7, 300])
def test_shards_share_the_blocks(shards):
    plan = Plan("made", 2000, "png", SIDE)
    parts = [plan.of_shard(i, shards) for i in range(shards)]
    assert sorted(sum(parts, [])) == list(range(200))
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_shards_are_parsed():
    assert job.parse_shard("0/1") == (0, 1)
    assert job.parse_shard("3/16") == (3, 16)


@pytest.mark.parametrize(
    "text", ["", "1", "1/1", "4/4", "-1/4", "a/b", "1/2/3", "0/0", "1.0/2"]
)
def test_other_texts_of_shards_are_refused(text):
    with pytest.raises(UserError, match="--shard must be i/n"):
        job.parse_shard(text)


def test_a_folder_is_of_one_job(tmp_path):
    store = LocalStore(tmp_path)
    identity = {"seed": 0, "count": 10, "model": {"model": "a"}}
    job.claim(store, identity)
    job.claim(store, identity)
    with pytest.raises(UserError) as error:
        job.claim(store, {**identity, "seed": 1})
    assert "seed is 0 there and 1 here" in str(error.value)
    assert "count" not in str(error.value)


def test_a_dataset_of_other_making_is_left_alone(tmp_path):
    info = tmp_path / "1.0.0" / "dataset_info.json"
    info.parent.mkdir()
    info.write_text("{}")
    with pytest.raises(UserError, match="of other making"):
        job.claim(LocalStore(tmp_path), {"seed": 0})
    assert not (tmp_path / "job.json").exists()


def test_a_damaged_record_of_the_job_is_named(tmp_path):
    (tmp_path / "job.json").write_text("")
    with pytest.raises(UserError, match="job.json is damaged"):
        job.claim(LocalStore(tmp_path), {"seed": 0})


def test_a_finished_block_is_not_made_again(tmp_path):
    plan, store = Plan("made", 25, "png", SIDE), LocalStore(tmp_path)
    maker, made = StandInMaker(), []
    job.make_block(
        plan, store, maker=maker, block=1, made=lambda: made.append(1)
    )
    assert maker.made == list(range(10, 20)) and len(made) == 10
    assert (tmp_path / "manifest" / "00001-of-00003.jsonl").exists()
    job.make_block(plan, store, maker=maker, block=1)
    assert len(maker.made) == 10
    assert job.missing(plan, store) == [0, 2]


@pytest.mark.parametrize("form", formats.BY_NAME)
def test_what_is_refused_is_in_the_manifest_alone(form, tmp_path):
    plan, store = Plan("made", 25, form, SIDE), LocalStore(tmp_path)
    made = []
    job.make_block(
        plan,
        store,
        maker=StandInMaker(),
        block=0,
        made=lambda: made.append(1),
    )
    assert len(made) == 10  # A number that is given up is done, too.
    lines = job.manifest(plan, store, 0)
    assert [line["number"] for line in lines] == list(range(10))
    assert [n for n in range(10) if lines[n]["image_id"] is None] == [3]
    if form == "png":
        assert len(list(tmp_path.glob("training/images/*.png"))) == 9
    else:
        name = "made-train.tfrecord-00000-of-00003"
        assert (tmp_path / "1.0.0" / name).exists()
