"""The arms that are compared: where a segmenter's examples come from.

The arms of a cell share one pool of pairs, of which `k×` takes the first k·n
for n photographs, so that a photograph and a pair are drawn equally often.
"""

import dataclasses
from fractions import Fraction

from migan_tf.utility_flags import ALL

REAL, SYNTHETIC = "real", "synthetic"


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
