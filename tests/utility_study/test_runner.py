"""What is known of the time left, and who gets which core."""

import os

import pytest

from migan_tf.utility_study import runner
from tests.utility_study.test_runner_utility_steps import make_step


def test_shares_of_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    assert runner.core_shares(1) == [{0, 1, 2}]
    assert runner.core_shares(2) == [{0, 2}, {1}]
    assert runner.core_shares(4)[3] == {0, 1, 2}


def test_the_time_left_is_that_of_the_same_kind(tmp_path):
    kinds = ["train", "score", "train", "score", "paint"]
    steps = [make_step(tmp_path, kind, kind=kind) for kind in kinds]
    left = runner.minutes_left
    assert left(steps, [None] * 5) is None
    # train 600 s and score 60 s are known, paint is taken for their mean.
    done = [600.0, 60.0, None, None, None]
    assert left(steps, done) == pytest.approx((600 + 60 + 330) / 60)
    assert left(steps, done, 2) == pytest.approx((600 + 60 + 330) / 120)
    assert left(steps, [1.0] * 5) == 0
