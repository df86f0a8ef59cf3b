"""The arms that are compared: where a segmenter's examples come from.

The arms of a cell share one pool of pairs, of which `k×` takes the first k·n
for n photographs, so that a photograph and a pair are drawn equally often.
"""

import dataclasses
import json
from fractions import Fraction

from migan_tf.errors import UserError
from migan_tf.utility_flags import ALL

REAL, SYNTHETIC = "real", "synthetic"
SUMMARY = "summary.json"  # of `synthetic_summary`


@dataclasses.dataclass(frozen=True)
class Arm:
    """One way to train the segmenter of a cell."""

    name: str
    title: str
    share: float = 0.0  # of the examples that are synthetic
    count: int = 0  # pairs that are used, 0: all


def arms_of(multiples, real) -> tuple[Arm, ...]:
    """The arms of a cell of `real` photographs, that of them alone first."""
    arms = [
        Arm(REAL, "real only"),
        Arm(SYNTHETIC, "synthetic only", 1.0),
    ]
    for k in multiples:
        if k == ALL:
            arms.append(Arm("real_all", "real + all synthetic", 0.5))
            continue
        share = float(Fraction(k, k + 1))
        name, title = f"real_{k}x", f"real + {k}× synthetic"
        arms.append(Arm(name, title, share, k * real))
    return tuple(arms)


def summary_of(pool) -> dict:
    """What `synthesize` said of the pairs of a cell.

    Raises:
      UserError: nothing that can be read.
    """
    try:
        return json.loads((pool / SUMMARY).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{pool} must hold the {SUMMARY} of its pairs: {error}. Remove "
            "that folder and run the same command again"
        ) from None


def check_pool(pool, arms) -> None:
    """Raises `UserError` where a gate let through too few pairs for an arm."""
    found = summary_of(pool)
    least = max(1, *(arm.count for arm in arms))
    if found["pairs"] < least:
        refused = {k: n for k, n in found["refused"].items() if n}
        raise UserError(
            f"--pairs must leave {least} that pass the gate, for the largest "
            f"of --multiples. Received: {found['pairs']} of "
            f"{found['images_made']} images, the others refused for {refused}. "
            "Next, with another --output (and --data_dir, if given): a larger "
            "--pairs, or --synthesize_flags=--least_consistency=0.4, say"
        )
