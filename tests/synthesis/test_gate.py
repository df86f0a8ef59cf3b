"""What is let through, and the reason of what is not."""

import numpy as np
import pytest

from migan_tf.phantom.retina import phantom_retina
from migan_tf.synthesis import gate as synthesis_gate
from migan_tf.synthesis.gate import Gate
from tests.synthetic_parts import lit_fundus


@pytest.fixture(scope="module")
def eyes():
    return [lit_fundus(phantom_retina(128, 128, seed)) for seed in range(5)]


@pytest.fixture(scope="module")
def originals(eyes):
    known = eyes[:3]
    return synthesis_gate.originals_of(
        "abc", [eye[0] for eye in known], [eye[2] for eye in known]
    )


def reads(vessel_map, missed=0.0):
    """A reader that finds the given vessels, but for their first pixels."""
    probability = vessel_map.astype(np.float32)
    places = np.flatnonzero(vessel_map)
    probability.flat[places[: round(missed * len(places))]] = 0
    return lambda fundus, fov_mask: probability


def test_another_eye_is_let_through(eyes, originals):
    fundus, vessel_map, fov_mask = eyes[4]
    gate = Gate(
        reads(vessel_map),
        originals,
        least_consistency=0.6,
        least_distance=1.0,
        colour_margin=25.0,
    )
    reason, facts = gate(fundus, vessel_map, fov_mask)
    assert reason is None
    assert facts["consistency"] == 1.0
    assert facts["nearest"] in "abc" and facts["distance"] > 1.0


def test_a_copy_is_named_with_what_it_copies(eyes, originals):
    fundus, vessel_map, fov_mask = eyes[1]
    gate = Gate(
        reads(vessel_map),
        originals,
        least_consistency=0.6,
        least_distance=1.0,
        colour_margin=25.0,
    )
    reason, facts = gate(fundus, vessel_map, fov_mask)
    assert (reason, facts["nearest"], facts["distance"]) == ("copy", "b", 0.0)
    # A level brighter everywhere is a distance of one level.
    brighter = np.minimum(fundus.astype(int) + 1, 255).astype(np.uint8)
    _, facts = gate(brighter, vessel_map, fov_mask)
    assert facts["nearest"] == "b"
    assert facts["distance"] == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("missed", [0.25, 0.5, 0.75])
def test_missed_vessels_lower_the_consistency(eyes, missed):
    fundus, vessel_map, fov_mask = eyes[0]
    gate = Gate(
        reads(vessel_map, missed),
        None,
        least_consistency=0.7,
        least_distance=1.0,
        colour_margin=25.0,
    )
    reason, facts = gate(fundus, vessel_map, fov_mask)
    # 2 (1 - m) / (2 - m): 0.857, 0.667, 0.4.
    expected = 2 * (1 - missed) / (2 - missed)
    assert facts["consistency"] == pytest.approx(expected, abs=0.01)
    assert reason == (None if missed == 0.25 else "vessels")


def test_a_flat_image_is_blank(eyes):
    fundus, vessel_map, fov_mask = eyes[0]
    gate = Gate(
        reads(vessel_map),
        None,
        least_consistency=0.0,
        least_distance=0.0,
        colour_margin=25.0,
    )
    assert gate(np.full_like(fundus, 90), vessel_map, fov_mask)[0] == "blank"
    nothing = np.zeros_like(fov_mask)
    assert gate(fundus, vessel_map, nothing)[0] == "blank"
    assert gate(fundus, nothing, fov_mask)[0] == "blank"


def test_black_bites_out_of_the_field_of_view_are_holes(eyes):
    fundus, vessel_map, fov_mask = eyes[0]
    gate = Gate(
        reads(vessel_map),
        None,
        least_consistency=0.0,
        least_distance=0.0,
        colour_margin=25.0,
    )
    places = np.argwhere(fov_mask & (fundus.max(axis=-1) >= 30))
    black = fov_mask.sum() - len(places)
    for share, reason in ((0.015, None), (0.025, "holes")):
        bitten = fundus.copy()
        count = round(share * fov_mask.sum()) - black
        rows, columns = places[:count].T
        bitten[rows, columns] = (29, 20, 10)
        assert gate(bitten, vessel_map, fov_mask)[0] == reason


def test_a_tenth_of_clipped_pixels_is_what_is_borne(eyes):
    fundus, vessel_map, _ = eyes[0]
    everywhere = np.ones_like(vessel_map)
    gate = Gate(
        reads(vessel_map),
        None,
        least_consistency=0.0,
        least_distance=0.0,
        colour_margin=25.0,
    )
    fundus = np.clip(fundus, 40, 254)
    for rows, reason in ((12, None), (14, "gamut")):  # Of 128.
        clipped = fundus.copy()
        clipped[:rows, :, :2] = 255
        assert gate(clipped, vessel_map, everywhere)[0] == reason
        clipped[:rows, :, 1] = 250  # One channel alone is no harm.
        assert gate(clipped, vessel_map, everywhere)[0] is None


def test_colours_of_no_photograph_are_out_of_gamut(eyes, originals):
    fundus, vessel_map, fov_mask = eyes[4]
    gate = Gate(
        reads(vessel_map),
        originals,
        least_consistency=0.0,
        least_distance=0.0,
        colour_margin=25.0,
    )
    assert gate(fundus, vessel_map, fov_mask)[0] is None
    blue = np.ascontiguousarray(fundus[..., ::-1])
    assert gate(blue, vessel_map, fov_mask)[0] == "gamut"
    assert (
        Gate(
            reads(vessel_map),
            None,
            least_consistency=0.0,
            least_distance=0.0,
            colour_margin=25.0,
        )(blue, vessel_map, fov_mask)[0]
        is None
    )
