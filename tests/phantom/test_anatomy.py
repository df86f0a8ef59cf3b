import dataclasses
import math

import numpy as np
import pytest

from migan_tf.phantom import anatomy

EYE = anatomy.Anatomy(
    left_eye=False,
    disc=(0.75, 0.0),
    disc_radius=0.15,
    fovea=(0.0, 0.0),
    avascular_radius=0.12,
    arcade_height=(0.5, 0.5),
    arcade_spread=(0.1, 0.1),
    vein_radius=0.015,
    calibre_ratio=2 / 3,
    tortuosity=1.0,
    branch_interval=0.1,
)


def same_direction(angle, x, y):
    wanted = math.atan2(y, x)
    return math.remainder(angle - wanted, 2 * math.pi) == pytest.approx(
        0.0, abs=1e-6
    )


@pytest.mark.parametrize("half", [-1, 1])
def test_an_arcade_rounds_the_macula(half):
    def heading(x, y):
        return anatomy.temporal_heading(EYE, x, y=y, half=half)

    # On the ellipse: up (or down) on the disc, temporal above the fovea.
    assert same_direction(heading(0.75, 0.0), 0, half)
    assert same_direction(heading(0.0, half * 0.5), -1, 0)
    assert same_direction(heading(-0.5, half * 0.5), -1, half * 0.1)
    # Too far out it turns towards the macula, too near away from it.
    assert math.sin(heading(0.0, half * 0.6)) * half < 0
    assert math.sin(heading(0.0, half * 0.4)) * half > 0


def test_side_branches_head_where_their_course_leads():
    def heading(course, x, y):
        return anatomy.branch_heading(
            EYE, course, x=x, y=y, half=-1, target=(0.3, 0)
        )

    assert same_direction(heading(anatomy.INNER, 0, -0.4), 0.3, 0.4)
    assert same_direction(heading(anatomy.NASAL, 0.85, 0.1), 1, 1)
    outer = heading(anatomy.OUTER, 0.2, -0.6)
    assert math.sin(outer) < 0  # up, away from the macula


def test_eyes_are_plausible():
    eyes = [
        anatomy.random_anatomy(np.random.default_rng(seed))
        for seed in range(50)
    ]
    assert len({dataclasses.astuple(eye) for eye in eyes}) == 50
    for eye in eyes:
        distance = math.dist(eye.disc, eye.fovea)
        # 2 to 3.3 disc diameters; about 2.5 in the textbooks.
        assert 2.0 < distance / (2 * eye.disc_radius) < 3.4
        assert eye.fovea[1] > eye.disc[1]  # the fovea lies a little lower
        assert math.hypot(*eye.disc) + eye.disc_radius < 1.1


def test_draws_of_branchings_stay_in_bounds():
    rng = np.random.default_rng(0)
    for course in (anatomy.TRUNK, anatomy.TEMPORAL, anatomy.NASAL):
        lengths = [anatomy.draw_interval(EYE, course, rng) for _ in range(50)]
        assert min(lengths) >= 0.03 and np.mean(lengths) < 0.3
