"""Which arms there are, and how much of each is synthetic."""

import json

import pytest

from migan_tf.base.errors import UserError
from migan_tf.utility_study.plan import Arm, arms_of, check_pool, summary_of


def test_arms_of_five_photographs():
    real, synthetic, once, four_times, everything = arms_of((1, 4, "all"), 5)
    assert real == Arm("real", "real only", share=0.0, count=0)
    assert synthetic == Arm("synthetic", "synthetic only", share=1.0, count=0)
    assert once == Arm("real_1x", "real + 1× synthetic", share=1 / 2, count=5)
    # Twenty pairs beside five photographs: each is drawn as often.
    assert four_times == Arm(
        "real_4x", "real + 4× synthetic", share=4 / 5, count=20
    )
    assert everything == Arm(
        "real_all", "real + all synthetic", share=1 / 2, count=0
    )


def test_two_arms_are_always_there():
    assert [arm.name for arm in arms_of((), 3)] == ["real", "synthetic"]


def write_summary(folder, pairs):
    folder.mkdir(exist_ok=True)
    summary = {
        "pairs": pairs,
        "images_made": 90,
        "refused": {"blank": 0, "vessels": 80},
    }
    (folder / "summary.json").write_text(json.dumps(summary))


def test_too_few_pairs_are_said_by_the_flags_that_make_more(tmp_path):
    arms = arms_of((1, 4), 5)
    pool = tmp_path / "pool"
    write_summary(pool, 20)
    check_pool(pool, arms)
    write_summary(pool, 19)
    with pytest.raises(UserError, match="--pairs must leave 20 .*Received: 19"):
        check_pool(pool, arms)
    write_summary(pool, 0)
    with pytest.raises(UserError, match="--pairs must leave 1 .*'vessels': 80"):
        check_pool(pool, arms_of((), 5))


def test_a_summary_that_cannot_be_read_is_said(tmp_path):
    with pytest.raises(UserError, match="must hold the summary.json"):
        summary_of(tmp_path)
