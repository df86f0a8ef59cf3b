"""The exact test by hand and by counting, and Holm's method by hand."""

import itertools

import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.metrics.paired_test import holm, sign_flip_p


def test_small_cases_by_hand():
    # All five of one sign: only + + + + + and its opposite reach the sum.
    assert sign_flip_p([1, 2, 3, 4, 5]) == 2 / 32
    assert sign_flip_p([1, -1]) == sign_flip_p([0, 0, 0]) == 1
    # |±1 ±1 ±3| is 5 twice, 3 four times and 1 twice.
    assert sign_flip_p([1, -1, 3]) == 6 / 8


@pytest.mark.parametrize("pairs", [2, 9, 12])
def test_it_is_the_share_of_all_sign_patterns(pairs):
    differences = np.random.default_rng(pairs).normal(0.4, 1, pairs)
    means = [
        np.mean(np.array(signs) * differences)
        for signs in itertools.product((1, -1), repeat=pairs)
    ]
    least = abs(differences.mean()) - 1e-12
    expected = np.mean(np.abs(means) >= least)
    assert sign_flip_p(differences) == pytest.approx(expected, abs=1e-12)


def test_a_single_pair_says_nothing():
    assert sign_flip_p([0.3]) == 1


@pytest.mark.parametrize("count", [0, 21])
def test_sizes_that_it_does_not_take(count):
    with pytest.raises(UserError, match=f"1 to 20 pairs. Received: {count}"):
        sign_flip_p([0.1] * count)


def test_holm_by_hand():
    # Sorted 0.01, 0.02, 0.03, 0.5, times 4, 3, 2, 1, and never falling.
    found = holm([0.5, 0.02, 0.01, 0.03])
    assert found == pytest.approx([0.5, 0.06, 0.04, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []
