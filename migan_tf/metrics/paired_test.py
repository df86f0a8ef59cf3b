"""Whether paired figures differ: an exact sign-flip test, and Holm's method."""

import numpy as np
from scipy import stats

from migan_tf.base.errors import UserError

MOST_PAIRS = 20  # 2**20 sign patterns
BATCH = 2**14  # patterns in memory at a time


def sign_flip_p(differences) -> float:
    """Tests whether the mean of paired differences is 0.

    If nothing differs, each sign is as likely as the other (Fisher 1935). The p
    value is the share of all 2**n sign patterns whose mean is at least as far
    from 0 as the mean that was found.

    Twenty pairs take some seconds, as many as DRIVE has test images.

    Args:
      differences: (n,) float, one of each pair, such as each test image.

    Returns:
      The two-sided p value, in (0,1].

    Raises:
      UserError: there are no pairs, or more than `MOST_PAIRS`.
    """
    differences = np.asarray(differences, np.float64)
    if not 0 < differences.size <= MOST_PAIRS:
        raise UserError(
            f"the exact paired test takes 1 to {MOST_PAIRS} pairs. Received: "
            f"{differences.size}"
        )
    if differences.size == 1:
        return 1.0  # Both signs are as far from 0; SciPy takes two or more.
    found = stats.permutation_test(
        (differences,),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
        batch=BATCH,
    )
    return float(found.pvalue)


def holm(p_values) -> list[float]:
    """Adjusts p values for the number of comparisons (Holm 1979).

    If nothing differs, the chance that any adjusted value is below 0.05 is at
    most 0.05.

    Args:
      p_values: list of one p value for each comparison.

    Returns:
      The adjusted p values, in [0,1], in the order given.
    """
    adjusted, least = [0.0] * len(p_values), 0.0
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    for rank, i in enumerate(order):
        least = max(least, min(1.0, (len(order) - rank) * p_values[i]))
        adjusted[i] = least
    return adjusted
