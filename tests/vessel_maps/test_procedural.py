"""Procedural maps: shapes, seeds, and what the annotators' maps measure."""

import dataclasses

import numpy as np
import pytest

from migan_tf.phantom.anatomy import random_anatomy
from migan_tf.vessel_maps import procedural, statistics

# The means of the TRAINING maps of DRIVE and STARE, from docs/results.md:
# density, mean calibre, junctions per FOV diameter.
REAL = {"drive": (0.125, 0.0056, 10.1), "stare": (0.102, 0.0060, 8.0)}


@pytest.fixture(scope="module", params=sorted(REAL))
def drawn(request):
    size = {"drive": 565, "stare": 700}[request.param]
    maps = [procedural.draw([1, i], request.param, size) for i in range(3)]
    return request.param, maps


def test_frames_are_the_datasets(drawn):
    like, maps = drawn
    shape, rows = {
        "drive": ((565, 565), (14, 551)),
        "stare": ((605, 700), (22, 582)),  # cut off above and below
    }[like]
    for plane in maps[0]:
        assert plane.shape == shape and plane.dtype == bool
    used = np.flatnonzero(maps[0][3].any(axis=1))
    assert (used[0], used[-1]) == pytest.approx(rows, abs=2)


def test_a_map_is_its_arteries_and_veins_inside_the_field(drawn):
    for vessel_map, artery_map, vein_map, fov_mask in drawn[1]:
        np.testing.assert_array_equal(vessel_map, artery_map | vein_map)
        assert artery_map.any() and vein_map.any()
        assert not (vessel_map & ~fov_mask).any()


def test_maps_measure_what_real_ones_do(drawn):
    like, maps = drawn
    rows = [
        statistics.measure(planes[0], planes[3]).summary() for planes in maps
    ]
    means = [
        np.mean([row[name] for row in rows])
        for name in ("density", "calibre", "branching")
    ]
    np.testing.assert_allclose(means, REAL[like], rtol=0.2)


def test_one_seed_one_map():
    def draw(seed):
        return procedural.draw(seed, size=128)

    drawn = draw([3, 4])
    for first, second in zip(
        drawn, draw(np.random.default_rng([3, 4])), strict=True
    ):
        np.testing.assert_array_equal(first, second)
    assert (drawn[0] != draw([3, 5])[0]).any()


def test_an_anatomy_is_a_phantoms_with_other_vessels():
    likeness = procedural.LIKENESSES["stare"]
    plain = random_anatomy(np.random.default_rng(2))
    found = procedural.draw_anatomy(likeness, np.random.default_rng(2))
    assert found.tortuosity == likeness.tortuosity * plain.tortuosity
    assert found.calibre_ratio == likeness.calibre_ratio * plain.calibre_ratio
    changed = {
        name
        for name, value in dataclasses.asdict(found).items()
        if value != getattr(plain, name)
    }
    assert changed == {
        "vein_radius",
        "calibre_ratio",
        "tortuosity",
        "branch_interval",
    }


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="drive, stare. Received: like='eye'"):
        procedural.draw(0, "eye")
    with pytest.raises(ValueError, match="at least 64. Received: size=63"):
        procedural.draw(0, size=63)
