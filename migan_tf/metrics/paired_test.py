"""Whether paired figures differ: exact sign-flip tests, one or several."""

import numpy as np

from migan_tf.base.errors import UserError

MOST_PAIRS = 20  # 2**20 sign patterns


def sign_flip_p(differences) -> float:
    """Two-sided p of the mean of paired differences, by all sign patterns.

    Where nothing differs each sign is as likely as the other (Fisher 1935): p
    is the share of the 2**n patterns whose mean is at least as far from 0.

    Args:
      differences: (n,) float, one of each pair, such as each test image.

    Returns:
      In (0,1].

    Raises:
      UserError: no pairs, or more than `MOST_PAIRS`.
    """
    differences = np.asarray(differences, np.float64)
    if not 0 < differences.size <= MOST_PAIRS:
        raise UserError(
            f"the exact paired test takes 1 to {MOST_PAIRS} pairs. Received: "
            f"{differences.size}"
        )
    sums = np.zeros(1)
    for difference in differences:
        sums = np.concatenate([sums + difference, sums - difference])
    # Sums of the same numbers in another order differ by their rounding.
    least = abs(differences.sum()) * (1 - 1e-9)
    return float(np.mean(np.abs(sums) >= least))


def holm(p_values) -> list[float]:
    """The p of several comparisons, adjusted for their number (Holm 1979).

    Where nothing differs, the chance that any is below 0.05 is at most 0.05.

    Args:
      p_values: one for each comparison.

    Returns:
      Adjusted, in [0,1], in the order given.
    """
    adjusted, least = [0.0] * len(p_values), 0.0
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    for rank, i in enumerate(order):
        least = max(least, min(1.0, (len(order) - rank) * p_values[i]))
        adjusted[i] = least
    return adjusted
