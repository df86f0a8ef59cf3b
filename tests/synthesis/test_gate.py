"""What is let through, and the reason of what is not."""

import numpy as np
import pytest

from migan_tf.inference.protocols import Segmentation
from migan_tf.phantom.retina import phantom_retina
from migan_tf.synthesis import gate


@pytest.fixture(scope="module")
def eyes():
    """(fundus, vessel_map, fov_mask) of five phantoms."""
    retinas = [phantom_retina(128, 128, seed) for seed in range(5)]
    return [(r.fundus, r.vessel_map > 0, r.fov_mask > 0) for r in retinas]


@pytest.fixture(scope="module")
def originals(eyes):
    known = eyes[:3]
    return gate.originals_of(
        "abc", [eye[0] for eye in known], [eye[2] for eye in known]
    )


def make_gate(vessel_map, originals=None, missed=0.0, **limits):
    """A gate whose reader finds these vessels, but for their first pixels.

    Without limits it lets through what is neither blank nor full of holes nor
    of colours that no photograph has.
    """
    probability = vessel_map.astype(np.float32)
    places = np.flatnonzero(vessel_map)
    probability.flat[places[: round(missed * len(places))]] = 0
    lowest = {
        "least_consistency": 0.0,
        "least_distance": 0.0,
        "colour_margin": 25.0,
    }
    found = Segmentation(probability, probability > 0, fov_mask=vessel_map)
    return gate.Gate(
        lambda fundus, fov_mask: found, originals, **lowest | limits
    )


def test_another_eye_is_let_through(eyes, originals):
    fundus, vessel_map, fov_mask = eyes[4]
    judge = make_gate(
        vessel_map, originals, least_consistency=0.6, least_distance=1.0
    )
    reason, facts = judge(fundus, vessel_map, fov_mask)
    assert reason is None
    assert facts["consistency"] == 1.0
    assert facts["nearest"] in "abc" and facts["distance"] > 1.0


def test_a_copy_is_named_with_what_it_copies(eyes, originals):
    fundus, vessel_map, fov_mask = eyes[1]
    judge = make_gate(vessel_map, originals, least_distance=1.0)
    reason, facts = judge(fundus, vessel_map, fov_mask)
    assert (reason, facts["nearest"], facts["distance"]) == ("copy", "b", 0.0)
    # A level brighter everywhere is a distance of one level.
    brighter = np.minimum(fundus.astype(int) + 1, 255).astype(np.uint8)
    _, facts = judge(brighter, vessel_map, fov_mask)
    assert facts["nearest"] == "b"
    assert facts["distance"] == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("missed", [0.25, 0.5, 0.75])
def test_missed_vessels_lower_the_consistency(eyes, missed):
    fundus, vessel_map, fov_mask = eyes[0]
    judge = make_gate(vessel_map, missed=missed, least_consistency=0.7)
    reason, facts = judge(fundus, vessel_map, fov_mask)
    # 2 (1 - m) / (2 - m): 0.857, 0.667, 0.4.
    expected = 2 * (1 - missed) / (2 - missed)
    assert facts["consistency"] == pytest.approx(expected, abs=0.01)
    assert reason == (None if missed == 0.25 else "vessels")


def test_a_flat_image_is_blank(eyes):
    fundus, vessel_map, fov_mask = eyes[0]
    judge = make_gate(vessel_map)
    assert judge(np.full_like(fundus, 90), vessel_map, fov_mask)[0] == "blank"
    nothing = np.zeros_like(fov_mask)
    assert judge(fundus, vessel_map, nothing)[0] == "blank"
    assert judge(fundus, nothing, fov_mask)[0] == "blank"


def test_black_bites_out_of_the_field_of_view_are_holes(eyes):
    fundus, vessel_map, fov_mask = eyes[0]
    judge = make_gate(vessel_map)
    places = np.argwhere(fov_mask & (fundus.max(axis=-1) >= 30))
    black = fov_mask.sum() - len(places)
    for share, reason in ((0.015, None), (0.025, "holes")):
        bitten = fundus.copy()
        count = round(share * fov_mask.sum()) - black
        rows, columns = places[:count].T
        bitten[rows, columns] = (29, 20, 10)
        assert judge(bitten, vessel_map, fov_mask)[0] == reason


def test_a_tenth_of_clipped_pixels_is_what_is_borne(eyes):
    fundus, vessel_map, _ = eyes[0]
    everywhere = np.ones_like(vessel_map)
    judge = make_gate(vessel_map)
    fundus = np.clip(fundus, 40, 254)
    for rows, reason in ((12, None), (14, "gamut")):  # Of 128.
        clipped = fundus.copy()
        clipped[:rows, :, :2] = 255
        assert judge(clipped, vessel_map, everywhere)[0] == reason
        clipped[:rows, :, 1] = 250  # One channel alone is no harm.
        assert judge(clipped, vessel_map, everywhere)[0] is None


def test_colours_of_no_photograph_are_out_of_gamut(eyes, originals):
    fundus, vessel_map, fov_mask = eyes[4]
    judge = make_gate(vessel_map, originals)
    assert judge(fundus, vessel_map, fov_mask)[0] is None
    blue = np.ascontiguousarray(fundus[..., ::-1])
    assert judge(blue, vessel_map, fov_mask)[0] == "gamut"
    # Where no photograph is known, no colour is strange.
    assert make_gate(vessel_map)(blue, vessel_map, fov_mask)[0] is None


def test_colours_of_a_style_photograph_are_none_that_no_photograph_has(
    eyes, originals
):
    fundus, vessel_map, fov_mask = eyes[4]
    blue = np.ascontiguousarray(fundus[..., ::-1])
    styled = gate.with_colours_of(originals, blue, fov_mask)
    judge = make_gate(vessel_map, styled)
    reason, facts = judge(blue, vessel_map, fov_mask)
    # It is compared with the photographs that the generator learned from.
    assert reason is None and facts["nearest"] in "abc"
    assert judge(fundus, vessel_map, fov_mask)[0] is None
    green = np.ascontiguousarray(fundus[..., [1, 0, 2]])
    assert judge(green, vessel_map, fov_mask)[0] == "gamut"
