"""What is kept of images that pass by."""

import dataclasses

import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.evaluation import tallies
from migan_tf.evaluation.scored_image import ScoredImage


def make_image(image_id, second=True):
    rng = np.random.default_rng(sum(image_id.encode()))
    vessel_map = rng.random((20, 30)) < 0.2
    return ScoredImage(
        image_id,
        rng.random((20, 30)).astype(np.float32),
        vessel_map=vessel_map,
        fov_mask=rng.random((20, 30)) < 0.7,
        second_annotator=vessel_map[::-1] if second else None,
    )


def test_pixels_are_counted_inside_the_fov_against_both():
    images = [make_image("a"), make_image("b", second=False), make_image("c")]
    found = tallies.of(iter(images), validation_threshold=0.5)
    assert list(found.firsts) == ["a", "b", "c"]
    assert list(found.seconds) == ["a", "c"] and len(found.human) == 2
    for image in images:
        inside = image.fov_mask
        one = found.firsts[image.image_id]
        assert one.sizes == {
            "pixels": inside.sum(),
            "vessel_pixels": (image.vessel_map & inside).sum(),
        }
        called = image.vessel_probability >= 0.5
        positives = (called & image.vessel_map & inside).sum()
        assert one.at_validation.true_positives == positives
    curves = found.curves()
    vessels = [(i.second_annotator & i.fov_mask).sum() for i in images[::2]]
    assert curves["second"].curve[1].sum() == sum(vessels)
    assert set(tallies.of(images[1:2]).curves()) == {"first"}


def test_what_cannot_be_scored_is_said():
    image = make_image("a")
    with pytest.raises(UserError, match="no images"):
        tallies.of([])
    with pytest.raises(UserError, match="ids must differ. Received: two of a"):
        tallies.of([image, image])
    with pytest.raises(UserError, match="--protocol must be one of paper"):
        tallies.of([image], "mine")
    with pytest.raises(UserError, match="a, which has no vessel map"):
        tallies.of([dataclasses.replace(image, vessel_map=None)])


def test_doubts_are_told_in_the_order_of_the_images():
    odd = [
        dataclasses.replace(make_image(name), fov_mask=np.ones((20, 30), bool))
        for name in "ba"
    ]
    assert [doubt[0] for doubt in tallies.of(odd).doubts] == ["b", "a"]
    assert not tallies.of(odd, "full_frame").doubts
