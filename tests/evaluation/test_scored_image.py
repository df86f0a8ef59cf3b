import dataclasses
import re

import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.evaluation import scored_image

SHAPE = (10, 10)


@pytest.fixture
def image():
    """A FOV of 60 %, 10 % of it vessel, maps that also fill the outside."""
    fov_mask = np.zeros(SHAPE, bool)
    fov_mask[:, :6] = True
    vessel_map = np.zeros(SHAPE, bool)
    vessel_map[:6, 2] = True
    return scored_image.ScoredImage(
        image_id="01",
        vessel_probability=np.full(SHAPE, 0.5, np.float32),
        vessel_map=vessel_map,
        fov_mask=fov_mask,
    )


def test_protocols_choose_the_pixels(image):
    sizes = {}
    sums = {}
    for protocol in scored_image.PROTOCOLS:
        truth, second, probability = scored_image.scored_pixels(image, protocol)
        assert second is None and truth.sum() == 6
        sizes[protocol] = truth.size
        sums[protocol] = probability.sum()
    assert sizes == {"paper": 60, "full_frame": 100, "masked_frame": 100}
    assert sums == {"paper": 30, "full_frame": 50, "masked_frame": 30}


def test_images_without_a_vessel_map_are_refused(image):
    bare = dataclasses.replace(image, image_id="07", vessel_map=None)
    with pytest.raises(UserError, match="07, which has no vessel map"):
        scored_image.scored_pixels(bare, "paper")


def test_other_refusals(image):
    with pytest.raises(UserError, match="--protocol must be one of paper"):
        scored_image.check_protocol("mine")
    empty = dataclasses.replace(image, vessel_map=np.zeros(SHAPE, bool))
    with pytest.raises(UserError, match="vessels and background among the 60"):
        scored_image.scored_pixels(empty, "paper")
    small = dataclasses.replace(image, second_annotator=np.ones((3, 3), bool))
    with pytest.raises(UserError, match="one size"):
        scored_image.scored_pixels(small, "paper")


def test_usual_images_raise_no_doubt(image):
    assert not scored_image.doubts_about(image, "paper")
    assert not scored_image.doubts_about_ranking(0.9)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"fov_mask": np.ones(SHAPE, bool)}, "FOV covers 100%.*inverted"),
        (
            {"vessel_map": np.tri(10, dtype=bool)},
            "of the FOV is vessel.*invert",
        ),
    ],
)
def test_unusual_shares_are_doubted_in_words(image, change, words):
    odd = dataclasses.replace(image, **change)
    (doubt,) = scored_image.doubts_about(odd, "paper")[:1]
    assert re.search(words, doubt)


def test_inverted_maps_are_doubted():
    (doubt,) = scored_image.doubts_about_ranking(0.1)
    assert "stored inverted" in doubt


def test_the_whole_frame_has_no_usual_fov(image):
    whole = dataclasses.replace(image, fov_mask=np.ones(SHAPE, bool))
    assert not scored_image.doubts_about(whole, "full_frame")
