"""Figures of sets of images, against counts that are made by hand."""

import numpy as np
import pytest

from migan_tf.evaluation import generator_figures
from tests.evaluation.fundus_images import make_images

CONSISTENCY = "vessel_consistency"


def collected(images, found):
    rows, _ = generator_figures.collect(images, found, 2)
    return rows, generator_figures.means(rows)


def test_thin_and_thick_vessels_are_counted_apart():
    images = make_images("a", 2)
    found = images.vessel_map.copy()
    found[:, 40] = False  # The thin vessel, 40 pixels, …
    found[0, 40, 10:20] = True  # … of which 10 in one of two images;
    found[:, 23, 10:50] = False  # and a quarter of the thick one.
    rows, figures = collected(images, found)
    assert figures[f"{CONSISTENCY}/sensitivity_thin"] == pytest.approx(10 / 80)
    assert figures[f"{CONSISTENCY}/sensitivity_thick"] == pytest.approx(3 / 4)
    true, missed = 2 * 120 + 10, 2 * 40 + 70
    dice = 2 * true / (2 * true + missed)
    assert figures[f"{CONSISTENCY}/dice"] == pytest.approx(dice)
    assert 0 < figures[f"{CONSISTENCY}/centreline_dice"] < 1
    # Of the first image alone.
    first = generator_figures.means(rows, [0])
    assert first[f"{CONSISTENCY}/sensitivity_thin"] == pytest.approx(10 / 40)
    _, whole = collected(images, images.vessel_map)
    shares = [v for k, v in whole.items() if k.startswith(CONSISTENCY)]
    assert shares == [1.0] * 4


def test_vessels_outside_the_fov_are_not_asked_for():
    images = make_images("a", 1)
    found = images.vessel_map.copy()
    images.vessel_map[:, :3] = True
    assert collected(images, found)[1][f"{CONSISTENCY}/dice"] == 1


def test_no_thin_vessel_has_no_sensitivity():
    images = make_images("a", 1)
    images.vessel_map[:, 40] = False
    _, figures = collected(images, images.vessel_map)
    assert figures[f"{CONSISTENCY}/sensitivity_thin"] is None
    assert figures[f"{CONSISTENCY}/sensitivity_thick"] == 1


def test_an_image_without_a_figure_does_not_count():
    rows = {"a/b": np.array([[3.0, 1.0], [0.0, 0.0], [5.0, 1.0]])}
    assert generator_figures.means(rows) == {"a/b": 4}
    assert generator_figures.means(rows, [1]) == {"a/b": None}
    assert generator_figures.means(rows, [0, 1]) == {"a/b": 3}


def test_profiles_are_means_of_what_is_known():
    lines = np.array([[1.0, np.nan, np.nan], [3.0, 4.0, np.nan]])
    found = generator_figures.mean_profiles({"rim": lines})
    assert found == {"rim": [2.0, 4.0, None]}


def test_places_become_a_tree():
    flat = {"a": 1, "b/c": 2, "b/d": None}
    found = generator_figures.nested(flat)
    assert found == {"a": 1, "b": {"c": 2, "d": None}}


def test_rims_are_counted_by_image():
    images = make_images("a", 3)
    images.fundus[:2][~images.fov_mask[:2]] = 0
    rows, figures = collected(images, images.vessel_map)
    assert generator_figures.rim_faults(rows) == 1
    assert figures["rim/dark"] == 0
    # The third is as light outside as inside.
    assert figures["rim/stray"] == pytest.approx(1 / 3)
    assert figures["rim/outside_2"] == pytest.approx(1 / 3, abs=1e-6)
    assert figures["rim/inside_2"] == pytest.approx(1, abs=1e-6)


def test_what_an_image_looks_like_is_told_by_all_measures():
    images = make_images("a", 1)
    rng = np.random.default_rng(0)
    noisy = images.fundus + rng.normal(0, 8, images.fundus.shape)
    noisy -= 30.0 * images.vessel_map[..., None]
    images.fundus[:] = np.round(np.clip(noisy, 0, 255))
    rows, figures = collected(images, images.vessel_map)
    groups = {place.partition("/")[0] for place in rows}
    assert groups == {
        *(CONSISTENCY, "vessel_contrast", "centred_contrast"),
        *("full_width", "power", "noise", "rim", "pixel_noise"),
    }
    assert figures["pixel_noise"] == pytest.approx(8, rel=0.3)
    assert figures["vessel_contrast/thick"] == pytest.approx(30 / 8, rel=0.3)
    assert figures["centred_contrast/thick"] == pytest.approx(30 / 8, rel=0.3)
    # A FOV of 56 pixels has no more than 28 cycles.
    assert figures["power/32-64"] is None
    assert figures["power/8-16"] is not None
