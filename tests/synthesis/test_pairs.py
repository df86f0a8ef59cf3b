"""A pair is a function of the recipe and its number."""

import dataclasses
import pickle

import numpy as np
import pytest

from migan_tf.synthesis.pairs import Maker
from tests.synthetic_parts import SIDE, PhantomSource, recipe_of


@pytest.fixture(scope="module")
def maker(tiny_run):
    return Maker(recipe_of(tiny_run))


def same(one, two):
    for field in dataclasses.fields(one):
        np.testing.assert_array_equal(
            getattr(one, field.name), getattr(two, field.name)
        )


def test_a_pair_is_the_same_in_another_process_beside_others(tiny_run, maker):
    sent = pickle.dumps(recipe_of(tiny_run))
    other = Maker(pickle.loads(sent))
    other.make(1)
    same(maker.make(2)[0], other.make(2)[0])
    one, two = maker.make(2)[0], maker.make(3)[0]
    assert (one.fundus != two.fundus).any()
    assert (one.vessel_map != two.vessel_map).any()


def test_another_seed_gives_another_pair(tiny_run, maker):
    other = Maker(recipe_of(tiny_run, seed=1))
    assert (other.make(2)[0].fundus != maker.make(2)[0].fundus).any()


def test_nothing_is_shown_outside_the_field_of_view(maker):
    pair, _ = maker.make(0)
    assert pair.fundus.shape == (SIDE, SIDE, 3)
    assert pair.fundus.dtype == pair.vessel_map.dtype == np.uint8
    outside = ~pair.fov_mask
    for plane in ("fundus", "vessel_map", "artery_map", "vein_map"):
        assert not getattr(pair, plane)[outside].any(), plane


def test_arteries_and_veins_are_where_vessels_are(maker):
    pair, _ = maker.make(0)
    both = pair.artery_map | pair.vein_map
    assert pair.artery_map.any() and pair.vein_map.any()
    # All three are cut at one half of the same resampled area.
    assert (both & (pair.vessel_map < 100)).sum() == 0


def test_the_manifest_says_what_made_it(maker):
    _, facts = maker.make(5)
    assert facts["image_id"] == "0000005_training"
    assert facts["number"] == 5
    assert facts["noise_stddev"] == 1.0
    assert facts["model"] == "tiny" and facts["style"] is None
    assert facts["job"] == "one"
    assert facts["source"] == "phantom"
    assert 0 <= facts["consistency"] <= 1
    assert facts["refused"] == []


def test_the_seed_in_the_manifest_gives_the_map_again(maker):
    pair, facts = maker.make(5)
    drawn = PhantomSource().draw(5, facts["seed"])
    # The tiny network's size is the map's, so that nothing is resampled.
    expected = drawn.vessel_map & pair.fov_mask
    np.testing.assert_array_equal(pair.vessel_map > 127, expected)


def test_a_closed_gate_gives_a_number_up_with_reasons(tiny_run):
    strict = Maker(recipe_of(tiny_run, least_consistency=1.0, attempts=3))
    pair, facts = strict.make(0)
    assert pair is None and facts["image_id"] is None
    assert [r["reason"] for r in facts["refused"]] == ["vessels"] * 3
    assert len({r["seed"] for r in facts["refused"]}) == 3


def test_a_later_attempt_is_another_image(maker, monkeypatch):
    seeds = []

    class Late:
        def __call__(self, fundus, vessel_map, fov_mask):
            seeds.append(fundus)
            return (None if len(seeds) == 2 else "vessels"), {}

    monkeypatch.setattr(maker, "_gate", Late())
    pair, facts = maker.make(0)
    np.testing.assert_array_equal(
        pair.fundus, seeds[1] * pair.fov_mask[..., None]
    )
    assert (seeds[0] != seeds[1]).any()
    assert len(facts["refused"]) == 1
