"""Distances between small sets of images, by hand."""

import dataclasses

import numpy as np
import pytest

from migan_tf.evaluation import generator_distances
from migan_tf.metrics import realism
from tests.evaluation.fundus_images import make_images


def waves(images, *sizes):
    """Adds a wave over the cells of 2 × 2 pixels that no light has part of."""
    wave = np.repeat([1, -1, -1, 1, -1, 1, 1, -1], 2)
    for fundus, size in zip(images.fundus, sizes, strict=True):
        fundus += (size * np.tile(wave, 4)[:, None]).astype(np.uint8)
    return images


def bare(images):
    """The same without vessels, so that all cells of the FOV are ground."""
    images.vessel_map[:] = False
    return images


def nearest_of(images, others, same=False):
    tables = generator_distances.distance_tables(images, others, same)
    return {k: generator_distances.nearest(v) for k, v in tables.items()}


def test_the_nearest_ground_sees_neither_vessels_nor_light():
    images, others = make_images("a", 2, 100), make_images("b", 2, 107)
    images.fundus[images.vessel_map] = 0
    found = nearest_of(images, others)
    # Levels are light; whole images differ by their vessels, too.
    assert found["ground"] == pytest.approx(0, abs=1e-9)
    assert found["distance"] > 20
    one = make_images("c", 1)
    assert nearest_of(one, one, True) == {"distance": None, "ground": None}


def test_the_nearest_ground_sees_structure():
    images = waves(bare(make_images("a", 2, 100)), 0, 4)
    others = waves(bare(make_images("b", 3, 130)), 1, 6, 9)
    # |0 - 1| and |4 - 6|; over its FOV the wave is all but no light.
    found = nearest_of(images, others)["ground"]
    assert found == pytest.approx(1.5, rel=0.02)
    found = nearest_of(others, others, same=True)["ground"]
    assert found == pytest.approx(3, rel=0.02)  # Of 5, 3 and 3.


def test_a_nearest_of_fewer_is_the_mean_over_draws():
    table = np.array([[1.0, 2.0, 4.0]])
    found = generator_distances.nearest_of(table, 2)
    # Of three pairs two hold the first.
    assert found == pytest.approx((1 + 1 + 2) / 3, abs=0.15)
    assert generator_distances.nearest_of(table, 3) == 1
    assert generator_distances.nearest_of(table, 0) is None
    assert generator_distances.nearest_of(table, 4) is None


def test_as_many_references_as_the_smaller_of_half_and_training():
    for count, training, expected in ((20, 20, 10), (7, 2, 2), (1, 9, 0)):
        found = generator_distances.fair_count(
            make_images("a", count), make_images("t", training)
        )
        assert found == expected


def test_the_ground_of_a_map_is_compared_with_that_map_alone():
    images = make_images("a", 4, samples=2)
    # 100 and 101, 102 and 103: a variance of one half in each.
    found = generator_distances.ground_spread(images)
    assert found == pytest.approx(np.sqrt(0.5))
    # Of photographs, each of its own map, over all four.
    photographs = make_images("a", 4)
    spread = generator_distances.ground_spread(photographs)
    assert spread == pytest.approx(np.std([100, 101, 102, 103], ddof=1))
    # What differs is light.
    for those in (images, photographs):
        found = generator_distances.ground_spread(those, light=False)
        assert found == pytest.approx(0, abs=1e-9)
    images = waves(bare(images), 2, 6, 5, 5)
    found = generator_distances.ground_spread(images, light=False)
    # Of 2 and 6 √8, of 5 and 5 nothing.
    assert found == pytest.approx(np.sqrt(8) / 2, rel=0.02)


def test_images_are_cut_into_sets_of_one_of_each_map():
    images = make_images("a", 6, samples=2)
    sets = generator_distances.one_of_each_map(images)
    assert [list(chosen) for chosen in sets] == [[0, 2, 4], [1, 3, 5]]
    sets = generator_distances.one_of_each_map(make_images("a", 3))
    assert [list(chosen) for chosen in sets] == [[0, 1, 2]]


def test_kids_are_of_each_set_of_features():
    images, others = make_images("a", 4), make_images("b", 5)
    found = generator_distances.kids(images, others)
    assert set(found) == {"network", "random_filters", "colour_field"}
    expected = realism.kernel_inception_distance(
        images.features["colour_field"], others.features["colour_field"]
    )
    assert found["colour_field"] == expected
    assert generator_distances.kids(images, make_images("b", 1)) == (
        dict.fromkeys(found)
    )


def test_kids_are_not_raised_by_several_images_of_a_map():
    """Painted anew without any difference they are as they were."""
    others, images = make_images("b", 5), make_images("a", 8, samples=2)
    for rows in images.features.values():
        rows[1::2] = rows[::2]
    found = generator_distances.kids(images, others)["network"]
    one = realism.kernel_inception_distance(
        images.features["network"][::2], others.features["network"]
    )
    assert found == pytest.approx(one)
    together = realism.kernel_inception_distance(
        images.features["network"], others.features["network"]
    )
    assert together > one


def test_colours_are_rows_of_means_and_deviations():
    images = make_images("a", 2)
    images.fundus[1, 4:-4, 4:32] = 0  # Half of its FOV.
    found = generator_distances.colours_of(images)
    assert found.shape == (2, 2, 3)
    assert found[0].tolist() == [[100] * 3, [0] * 3]
    np.testing.assert_allclose(found[1], [[50.5] * 3, [50.5] * 3])


def test_patches_need_photographs_and_a_place():
    images, others = make_images("a", 4), make_images("b", 4)
    for patches in others.patches:
        patches += 9
    found = generator_distances.patch_accuracy(images, others)
    assert found == (1, [1, 1])
    one, unknown = make_images("b", 1), (None, None)
    assert generator_distances.patch_accuracy(images, one) == unknown
    nothing = dataclasses.replace(
        others, patches=[p[:0] for p in others.patches]
    )
    assert generator_distances.patch_accuracy(images, nothing) == unknown


def test_as_many_patches_are_told_from_as_many(monkeypatch):
    sizes = []

    def noted(real, painted, real_groups, painted_groups, seed):
        assert len(real) == len(real_groups) == len(set(real_groups))
        sizes.append((len(real), len(painted), painted_groups))

    classifier = generator_distances.patch_classifier
    monkeypatch.setattr(classifier, "patch_accuracy", noted)
    photographs, images = make_images("a", 5), make_images("a", 10, samples=2)
    generator_distances.patch_accuracy(photographs, images)
    assert sizes.pop() == (5, 5, ["a0", "a1", "a2", "a3", "a4"])
    # No more training photographs than three: no more of any.
    generator_distances.patch_accuracy(photographs, images, count=3)
    assert sizes.pop() == (3, 3, ["a0", "a1", "a2"])
    generator_distances.patch_accuracy(make_images("t", 3), photographs)
    assert sizes.pop() == (3, 3, ["a0", "a1", "a2"])


def test_a_part_is_a_part_of_everything():
    images = make_images("a", 4)
    part = generator_distances.part(images, np.array([3, 1]))
    assert part.image_ids == ["a3", "a1"] == part.photograph_ids
    np.testing.assert_array_equal(part.fundus, images.fundus[[3, 1]])
    rows = images.features["network"][[3, 1]]
    np.testing.assert_array_equal(part.features["network"], rows)
    assert part.patches[0] is images.patches[3]
