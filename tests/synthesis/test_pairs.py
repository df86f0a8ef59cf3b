"""A pair is a function of the recipe and its number."""

import dataclasses
import pickle

import cv2
import numpy as np
import pytest

from migan_tf.base import image_files
from migan_tf.inference import run_networks
from migan_tf.inference.contrast import ContrastRange
from migan_tf.synthesis.pairs import Maker
from migan_tf.vessel_maps.sources import DrawnMap, make_source
from tests.delta_parts import (
    COMMON_FOV,
    GROUND,
    contrast_of,
    disc,
    has_colour,
    write_delta_run,
)
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


@pytest.fixture(scope="module")
def delta_run(tmp_path_factory):
    return write_delta_run(tmp_path_factory.mktemp("delta") / "run")


class TallSource:
    """Phantoms' maps in a frame that is higher than they are.

    There are vessels where nothing is seen of the eye, too.
    """

    above = 16

    def draw(self, number, seed):
        drawn = PhantomSource().draw(number, seed)
        edges = ((self.above, self.above), (0, 0))
        planes = {
            name: np.pad(getattr(drawn, name), edges)
            for name in ("vessel_map", "artery_map", "vein_map", "fov_mask")
        }
        planes["vessel_map"] |= ~planes["fov_mask"]
        return DrawnMap(**planes, origin=drawn.origin)


def test_delta_paints_the_field_of_view_that_is_drawn(delta_run, monkeypatch):
    def search(fundus):
        raise AssertionError("the field of view is known")

    monkeypatch.setattr(run_networks, "find_fov_mask", search)
    recipe = dataclasses.replace(recipe_of(delta_run), source=TallSource())
    pair, facts = Maker(recipe).make(4)
    drawn = PhantomSource().draw(4, facts["seed"])
    # The square that the field of view needs is the phantom's, of 64 pixels,
    # as is the network's, so that nothing is resampled.
    np.testing.assert_array_equal(pair.fov_mask, drawn.fov_mask)
    kept = drawn.vessel_map & drawn.fov_mask
    np.testing.assert_array_equal(pair.vessel_map, kept * np.uint8(255))
    for name in ("artery_map", "vein_map"):
        expected = getattr(drawn, name) & drawn.fov_mask
        np.testing.assert_array_equal(getattr(pair, name), expected)
    assert not pair.fundus[~drawn.fov_mask].any()
    assert has_colour(pair.fundus, drawn.fov_mask, GROUND)
    assert contrast_of(pair.fundus, pair.vessel_map) == 1.0
    assert "contrast" not in facts


def test_each_pair_has_the_contrast_that_its_manifest_says(delta_run):
    recipe = recipe_of(delta_run, contrast=ContrastRange(0.5, 1.2))
    maker = Maker(recipe)
    made = [maker.make(number) for number in range(4)]
    contrasts = [facts["contrast"] for _, facts in made]
    assert len(set(contrasts)) == 4
    assert 0.5 <= min(contrasts) and max(contrasts) <= 1.2
    for pair, facts in made:
        found = contrast_of(pair.fundus, pair.vessel_map)
        # Half a grey level of the 80.
        assert found == pytest.approx(facts["contrast"], abs=0.5 / 80 + 1e-6)
    again, facts = Maker(pickle.loads(pickle.dumps(recipe))).make(2)
    same(again, made[2][0])
    assert facts == made[2][1]


def test_what_was_refused_is_told_with_its_contrast(delta_run):
    faint = ContrastRange(0.2, 0.2)
    strict = recipe_of(
        delta_run, contrast=faint, least_consistency=1.0, attempts=2
    )
    pair, facts = Maker(strict).make(0)
    assert pair is None
    assert [r["contrast"] for r in facts["refused"]] == [0.2, 0.2]


def test_another_camera_gives_its_colours_and_nothing_else(delta_run):
    colour = (90, 150, 40)
    photograph = disc(200, 90)[..., None] * np.array(colour, np.uint8)
    plain, _ = Maker(recipe_of(delta_run)).make(1)
    styled, _ = Maker(recipe_of(delta_run, style_fundus=photograph)).make(1)
    same(
        dataclasses.replace(styled, fundus=None),
        dataclasses.replace(plain, fundus=None),
    )
    assert has_colour(styled.fundus, styled.fov_mask, colour, tolerance=1)
    assert not has_colour(plain.fundus, plain.fov_mask, colour, tolerance=80)


def test_a_larger_image_has_all_at_its_size(delta_run):
    pair, facts = Maker(recipe_of(delta_run, image_size=2 * SIDE)).make(0)
    drawn = PhantomSource().draw(0, facts["seed"])
    assert pair.fundus.shape == (128, 128, 3)
    doubled = np.kron(drawn.fov_mask, np.ones((2, 2), bool))
    np.testing.assert_array_equal(pair.fov_mask, doubled)
    assert pair.artery_map.shape == pair.vessel_map.shape == (128, 128)
    # Arteries twice as high and wide, but for the resampling at their edges.
    area = (drawn.artery_map & drawn.fov_mask).sum()
    assert pair.artery_map.sum() == pytest.approx(4 * area, rel=0.1)


def test_files_are_painted_in_the_field_of_view_of_the_training(
    delta_run, tmp_path
):
    """Of a file nothing is known of what a camera would show."""
    bar = np.zeros((SIDE, SIDE), np.uint8)
    bar[30:33] = 255
    assert cv2.imwrite(str(tmp_path / "bar.png"), bar)
    source = make_source(
        "folder", files=[image_files.image_file(tmp_path / "bar.png")]
    )
    recipe = dataclasses.replace(recipe_of(delta_run), source=source)
    pair, _ = Maker(recipe).make(0)
    np.testing.assert_array_equal(pair.fov_mask, COMMON_FOV)
    np.testing.assert_array_equal(pair.vessel_map, bar * COMMON_FOV)
