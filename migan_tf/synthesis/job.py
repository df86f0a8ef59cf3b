"""A job of many pairs: numbered blocks in one folder, made one by one.

A job is cut into blocks by its plan alone, so that any machine can make any of
them; a block whose part of the manifest is there is finished. A store is
`store.LocalStore` or anything with its methods.
"""

import dataclasses
import json
import math

from migan_tf.base import files
from migan_tf.base.errors import UserError
from migan_tf.synthesis import formats

JOB = "job.json"
LEAST_BLOCK, MOST_BLOCK, USUAL_BLOCKS = 10, 100, 200
# A process has one thread, on the CPU: the sums of a convolution are then taken
# in one order, whatever the machine has, and no process waits for another one.
ONE_THREAD = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


@dataclasses.dataclass(frozen=True)
class Plan:
    """How many pairs a job has, and how they are cut into blocks and stored."""

    name: str  # of the output folder, and of the dataset that it may be
    count: int  # pairs that are asked for, numbered from 0
    format: str  # key of `formats.BY_NAME`
    size: int  # side S of the images in pixels

    @property
    def block_size(self) -> int:
        """Pairs of a block; it depends on the count alone."""
        usual = math.ceil(self.count / USUAL_BLOCKS)
        return min(max(usual, LEAST_BLOCK), MOST_BLOCK)

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return math.ceil(self.count / self.block_size)

    def numbers(self, block) -> range:
        """The numbers of a block's pairs."""
        first = block * self.block_size
        return range(first, min(first + self.block_size, self.count))

    def of_shard(self, shard, shards) -> list[int]:
        """The blocks that machine `shard` of `shards` makes, counted from 0."""
        return list(range(shard, self.blocks, shards))

    def part(self, block) -> str:
        """Which block of how many, as it stands in files' names."""
        return f"{block:05d}-of-{self.blocks:05d}"

    def manifest(self, block) -> str:
        """Name of the file that is a block's part of the manifest."""
        return f"manifest/{self.part(block)}.jsonl"


def parse_shard(text):
    """Reads the value of --shard.

    Args:
      text: i/n, machine i of n.

    Returns:
      (i, n).

    Raises:
      UserError: it is not such a text, or not 0 <= i < n.
    """
    parts = text.split("/")
    if len(parts) == 2 and all(part.isdecimal() for part in parts):
        shard, shards = map(int, parts)
        if shard < shards:
            return shard, shards
    raise UserError(
        "--shard must be i/n, machine i of n, from 0/n to (n-1)/n, such as "
        f"--shard=0/4. Received: {text!r}"
    )


def claim(store, identity) -> None:
    """Writes what the job is, or checks that the folder holds the same one.

    Args:
      store: of the job's files.
      identity: plain values that the files' contents are a function of.

    Raises:
      UserError: another job's files are there.
    """
    text = json.dumps(identity, indent=1, ensure_ascii=False) + "\n"
    if not store.exists(JOB):
        if store.exists(formats.DATASET_INFO):
            raise UserError(
                "--output must not be a dataset of other making. Received: a "
                f"folder with {formats.VERSION}/ and no {JOB}. Give another"
            )
        store.write(JOB, files.as_bytes(text))
        return
    there = _parsed(JOB, store.read(JOB))
    names = sorted(
        name
        for name in identity.keys() | there.keys()
        if identity.get(name) != there.get(name)
    )
    if names:
        different = ", ".join(
            f"{name} is {_short(there.get(name))} there and "
            f"{_short(identity.get(name))} here"
            for name in names
        )
        raise UserError(
            f"--output holds another job ({JOB}): {different}. Give the flags "
            "and data it has, or another --output"
        )


def missing(plan, store) -> list[int]:
    """The numbers of the blocks that are not there yet, in rising order."""
    return [b for b in range(plan.blocks) if not store.exists(plan.manifest(b))]


def make_block(plan, store, maker, block, made=lambda: None) -> None:
    """Makes and writes one block, unless it is there.

    Args:
      plan: the `Plan`.
      store: of the job's files.
      maker: a `pairs.Maker`.
      block: number of the block.
      made: is called after each pair.
    """
    if store.exists(plan.manifest(block)):
        return
    lines = []

    def pairs():
        for number in plan.numbers(block):
            pair, facts = maker.make(number)
            lines.append(json.dumps(facts, ensure_ascii=False) + "\n")
            if pair is not None:
                yield pair
            made()

    formats.files_of(plan, store).write_block(block, pairs())
    # Last: a block that has it is whole.
    store.write(plan.manifest(block), files.as_bytes("".join(lines)))


def manifest(plan, store, block) -> list[dict]:
    """The manifest of a finished block: what is known of each number.

    Raises:
      UserError: the file is damaged.
    """
    name = plan.manifest(block)
    lines = store.read(name).splitlines()
    return [_parsed(name, line) for line in lines]


def _parsed(name, content):
    try:
        return json.loads(content)
    except ValueError as error:
        raise UserError(
            f"--output: {name} is damaged: {error}. Remove it and give the "
            "same command again"
        ) from None


def _short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
