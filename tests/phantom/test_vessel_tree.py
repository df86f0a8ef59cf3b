import math

import pytest

from migan_tf.phantom.vessel_tree import murray_angles, murray_radii


def test_equal_daughters():
    # 2 r^3 = 1 gives 2^(-1/3); cos a = 2^(1/3) / 2... by hand: r0^4 / (2 r0^2
    # r1^2) = 2^(2/3) / 2, 37.47 degrees, as Murray (1926) has it.
    larger, smaller = murray_radii(1.0, 1.0)
    assert larger == smaller == pytest.approx(0.7937005)
    angles = murray_angles(1.0, larger, smaller)
    assert angles == pytest.approx([math.radians(37.4672)] * 2, abs=1e-4)


def test_a_very_thin_daughter_leaves_at_a_right_angle():
    larger, smaller = murray_radii(1.0, 0.01)
    straight, thin = murray_angles(1.0, larger, smaller)
    assert straight == pytest.approx(0.0, abs=0.02)
    assert thin == pytest.approx(math.pi / 2, abs=0.02)


@pytest.mark.parametrize("ratio", [0.2, 0.5, 0.8])
def test_forces_balance(ratio):
    # Least work means that pulls along the vessels in proportion to r^2
    # balance, along the parent and across it.
    r0 = 0.013
    r1, r2 = murray_radii(r0, ratio)
    assert r2 / r1 == pytest.approx(ratio)
    a1, a2 = murray_angles(r0, r1, r2)
    assert r1**2 * math.cos(a1) + r2**2 * math.cos(a2) == pytest.approx(r0**2)
    assert r1**2 * math.sin(a1) == pytest.approx(r2**2 * math.sin(a2))
