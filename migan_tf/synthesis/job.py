"""A job of many pairs: whose folder it is, and one block after the other.

A store is `store.LocalStore` or anything with its methods.
"""

import dataclasses
import json
import math

from migan_tf.base.errors import UserError
from migan_tf.synthesis import formats
from migan_tf.synthesis.formats import VERSION

JOB = "job.json"


def claim(store, settings) -> None:
    """Writes what the job is, or checks that the folder holds the same one.

    Args:
      store: of the job's files.
      settings: plain values that the files' contents are a function of.

    Raises:
      UserError: another job's files are there.
    """
    text = json.dumps(settings, indent=1, ensure_ascii=False) + "\n"
    if not store.exists(JOB):
        if store.exists(f"{VERSION}/dataset_info.json"):
            raise UserError(
                "--output must not be a dataset of other making. Received: a "
                f"folder with {VERSION}/ and no {JOB}. Give another"
            )
        store.write(JOB, text.encode())
        return
    there = _parsed(JOB, store.read(JOB))
    names = sorted(
        name
        for name in settings.keys() | there.keys()
        if settings.get(name) != there.get(name)
    )
    if names:
        different = ", ".join(
            f"{name} is {_short(there.get(name))} there and "
            f"{_short(settings.get(name))} here"
            for name in names
        )
        raise UserError(
            f"--output holds another job ({JOB}): {different}. Give the flags "
            "and data it has, or another --output"
        )


def make_block(plan, store, maker, block, made=lambda: None) -> None:
    """Makes and writes one block, unless it is there.

    Args:
      plan: the `Plan`.
      store: of the job's files.
      maker: a `pairs.Maker`.
      block: its number.
      made: called after each pair.
    """
    if store.exists(plan.manifest(block)):
        return
    records, lines = [], []
    for number in plan.numbers(block):
        pair, facts = maker.make(number)
        lines.append(json.dumps(facts, ensure_ascii=False) + "\n")
        if pair is None:
            pass
        elif plan.format == "png":
            for name, content in formats.png_files(pair):
                store.write(name, content)
        else:  # Compressed, so that a block takes little memory.
            records.append(formats.record_of(pair))
        made()
    if plan.format == "tfrecord":
        store.write(plan.record(block), formats.record_file(records))
    # Last: a block that has it is whole.
    store.write(plan.manifest(block), "".join(lines).encode())


def missing(plan, store) -> list[int]:
    """The blocks that are not there yet."""
    return [b for b in range(plan.blocks) if not store.exists(plan.manifest(b))]


def manifest(plan, store, block) -> list[dict]:
    """The lines of a finished block's part of the manifest."""
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


# One thread a process, on the CPU: the sums of a convolution are then taken in
# one order, whatever the machine has, and no process waits for another one.
ONE_THREAD = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}

LEAST_BLOCK, MOST_BLOCK, USUAL_BLOCKS = 10, 100, 200


@dataclasses.dataclass(frozen=True)
class Plan:
    """How many pairs, called what, written how."""

    name: str
    count: int
    format: str

    @property
    def block_size(self) -> int:
        """Pairs of a block: a function of the count, whoever makes them."""
        usual = math.ceil(self.count / USUAL_BLOCKS)
        return min(max(usual, LEAST_BLOCK), MOST_BLOCK)

    @property
    def blocks(self) -> int:
        """How many there are."""
        return math.ceil(self.count / self.block_size)

    def numbers(self, block) -> range:
        """Those of a block's pairs."""
        first = block * self.block_size
        return range(first, min(first + self.block_size, self.count))

    def of_shard(self, shard, shards) -> list[int]:
        """The blocks of shard `shard`, 0 … shards - 1."""
        return list(range(shard, self.blocks, shards))

    def manifest(self, block) -> str:
        """Name of a block's part of the manifest."""
        return f"manifest/{self._part(block)}.jsonl"

    def record(self, block) -> str:
        """Name of a block's records, as TFDS names them."""
        return f"{VERSION}/{self.name}-train.tfrecord-{self._part(block)}"

    def _part(self, block):
        return f"{block:05d}-of-{self.blocks:05d}"


def parse_shard(text):
    """(i, n) of --shard=i/n.

    Raises:
      UserError: not such a text, or not 0 <= i < n.
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
