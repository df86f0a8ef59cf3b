"""Which arms there are, and how much of each is synthetic."""

from migan_tf.utility_arms import Arm, arms_of


def test_arms_of_five_photographs():
    real, synthetic, once, four_times, everything = arms_of((1, 4, "all"), 5)
    assert real == Arm("real", "real only", 0.0, 0)
    assert synthetic == Arm("synthetic", "synthetic only", 1.0, 0)
    assert once == Arm("real_1x", "real + 1× synthetic", 1 / 2, 5)
    # Twenty pairs beside five photographs: each is drawn as often.
    assert four_times == Arm("real_4x", "real + 4× synthetic", 4 / 5, 20)
    assert everything == Arm("real_all", "real + all synthetic", 1 / 2, 0)


def test_two_arms_are_always_there():
    assert [arm.name for arm in arms_of((), 3)] == ["real", "synthetic"]
