"""How a job of many pairs is cut into blocks, and what its files are called.

A block is a run of consecutive numbers. Its files are a function of its pairs
alone; the last one written is its part of the manifest, so that a block without
it was not finished and is made again.
"""

import dataclasses
import math

from migan_tf.errors import UserError

FORMATS = ("png", "tfrecord")
VERSION = "1.0.0"
MOST = 10**7  # numbers have seven digits in the files' names
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
