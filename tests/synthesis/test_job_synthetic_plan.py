"""Blocks cover every number once, and shards every block once."""

import pytest

from migan_tf.base.errors import UserError
from migan_tf.synthesis.job import Plan, parse_shard


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
    plan = Plan("made", count, "png")
    assert (plan.block_size, plan.blocks) == (size, blocks)
    numbers = [n for b in range(plan.blocks) for n in plan.numbers(b)]
    assert numbers == list(range(count))


@pytest.mark.parametrize("shards", [1, 2, 3, 7, 300])
def test_shards_share_the_blocks(shards):
    plan = Plan("made", 2000, "png")
    parts = [plan.of_shard(i, shards) for i in range(shards)]
    assert sorted(sum(parts, [])) == list(range(200))
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_names_say_which_of_how_many():
    plan = Plan("made", 25, "tfrecord")
    assert plan.manifest(2) == "manifest/00002-of-00003.jsonl"
    assert plan.record(0) == "1.0.0/made-train.tfrecord-00000-of-00003"


def test_shards_are_parsed():
    assert parse_shard("0/1") == (0, 1)
    assert parse_shard("3/16") == (3, 16)


@pytest.mark.parametrize(
    "text", ["", "1", "1/1", "4/4", "-1/4", "a/b", "1/2/3", "0/0", "1.0/2"]
)
def test_other_texts_are_refused(text):
    with pytest.raises(UserError, match="--shard must be i/n"):
        parse_shard(text)
