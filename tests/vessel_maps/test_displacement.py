"""Displacements keep the field filled, bend little, and follow their seed."""

import numpy as np
import pytest

from migan_tf.vessel_maps import displacement

SHAPE = (160, 200)
ROWS, COLUMNS = np.indices(SHAPE)
FIELD = np.hypot(ROWS - 80, COLUMNS - 100) <= 60


def draw(seed, *, flips=(1, 1), strength=1.0, field=FIELD):
    rng = np.random.default_rng(seed)
    return displacement.draw(field, np.array(flips), strength=strength, rng=rng)


@pytest.mark.parametrize("seed", range(3))
def test_the_field_shows_what_lies_in_the_field(seed):
    (x, y), zoom = draw(seed)
    outside = np.hypot(y - 80, x - 100)[FIELD] > 60
    # Counted on a coarse grid there: a little more is let pass here.
    assert outside.mean() <= displacement.UNSEEN + 0.02
    assert 1 <= zoom < displacement.MOST_ZOOM


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_folded(seed):
    (x, y), zoom = draw(seed)
    (x_down, x_along), (y_down, y_along) = np.gradient(x), np.gradient(y)
    area = x_along * y_down - x_down * y_along  # of the source, for a pixel
    assert area.min() > 0.2 and area.max() < 3
    assert np.median(area) == pytest.approx(1 / zoom**2, rel=0.25)


def test_no_strength_is_the_mirror_alone():
    for flips in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
        (x, y), zoom = draw(0, flips=flips, strength=0.0)
        assert zoom == 1
        # The disc's middle is where the mirrors stand.
        np.testing.assert_allclose(
            x, 100 + flips[0] * (COLUMNS - 100), atol=1e-3
        )
        np.testing.assert_allclose(y, 80 + flips[1] * (ROWS - 80), atol=1e-3)


def test_half_the_strength_moves_half_as_far():
    def moved(strength):
        (x, y), _ = draw(3, strength=strength)
        return np.hypot(x - COLUMNS, y - ROWS)[FIELD].mean()

    assert moved(0.1) == pytest.approx(moved(0.2) / 2, rel=0.2)


def test_one_seed_one_draw():
    first, second, other = draw(5), draw(5), draw(6)
    np.testing.assert_array_equal(first[0], second[0])
    assert first[1] == second[1] and np.abs(first[0][0] - other[0][0]).max() > 1


def test_a_field_in_pieces_ends():
    field = np.zeros(SHAPE, bool)
    field[::16] = True  # no enlargement fills it
    assert draw(0, field=field)[1] <= displacement.MOST_ZOOM * 1.01


def test_noise_has_its_variance_and_reach():
    rng = np.random.default_rng(0)
    planes = [displacement.noise((96, 130), 24, rng) for _ in range(40)]
    stack = np.stack(planes)
    assert stack.shape == (40, 96, 130) and stack.dtype == np.float32
    assert stack.var() == pytest.approx(1, abs=0.15)
    near = (stack[:, :, 3:] * stack[:, :, :-3]).mean()
    far = (stack[:, :, 72:] * stack[:, :, :-72]).mean()
    assert near > 0.9 and abs(far) < 0.15
