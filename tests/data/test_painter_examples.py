"""What the painter learns from: crops as photographed, and moved grounds."""

import numpy as np
import pytest

from migan_tf.base.config import Config
from migan_tf.data import batches, painter_examples
from migan_tf.phantom.retina import phantom_retina

SIDE, CROP = 128, 64
CONFIG = Config(
    workdir="run",
    task="synthesis",
    generator="delta",
    discriminator="residual",
    image_size=SIDE,
    crop_size=CROP,
    noise_size=28,
    generator_steps=1,
)


@pytest.fixture(scope="module")
def examples():
    found = []
    for seed in (1, 2, 3):
        retina = phantom_retina(SIDE, SIDE, seed)
        found.append(
            {
                "fundus": retina.fundus.astype(np.float32) / 127.5 - 1.0,
                "vessel_map": retina.vessel_map[..., None].astype(np.float32),
                "fov_mask": retina.fov_mask[..., None].astype(np.float32),
            }
        )
    return found


def draw(examples, number, extra=()):
    return batches.draw_painter_example(examples, CONFIG, number, extra=extra)


def test_an_example_is_as_the_contract_says(examples):
    drawn = draw(examples, 0)
    shapes = painter_examples.shapes(CONFIG)
    assert {n: plane.shape for n, plane in drawn.items()} == shapes
    assert {plane.dtype for plane in drawn.values()} == {np.dtype("float32")}


def test_an_example_is_a_function_of_its_number(examples):
    prepared = [painter_examples.prepared(e) for e in examples]
    for name, plane in draw(examples, 7).items():
        np.testing.assert_array_equal(plane, draw(prepared, 7)[name])
    assert not np.array_equal(
        draw(examples, 7)["noise"], draw(examples, 8)["noise"]
    )


@pytest.mark.parametrize("number", range(3))
def test_a_crop_holds_pixels_as_photographed(examples, number):
    drawn = draw(examples, number)
    inside = drawn["fov_mask"][..., 0] > 0
    fundus = drawn["fundus"]
    found = False
    for example in examples:
        for turned in (
            np.flip(example["fundus"], axes)
            for axes in ((), (0,), (1,), (0, 1))
        ):
            windows = np.lib.stride_tricks.sliding_window_view(
                turned, (CROP, CROP, 3)
            )[::2, ::2, 0]  # Pixels are folded two by two.
            equal = np.abs(windows[..., inside, :] - fundus[inside]).max(
                axis=(-1, -2)
            )
            found |= bool((equal < 1e-6).any())
    assert found
    # Outside of the field of view there is only ground.
    np.testing.assert_array_equal(fundus[~inside], drawn["ground"][~inside])


def test_grounds_and_vessels_move_together():
    fields = {
        "ground": np.zeros((64, 64, 3), np.float32),
        "density": np.zeros((64, 64, 2), np.float32),
        "fov_share": np.ones((64, 64, 1), np.float32),
    }
    for plane in ("ground", "density"):
        fields[plane][20:24, 40:44] = 1.0
    places = set()
    for seed in range(10):
        moved = painter_examples.moved(fields, np.random.default_rng(seed))
        bright = np.argwhere(moved["ground"][..., 0] > 0.5).mean(axis=0)
        dense = np.argwhere(moved["density"][..., 0] > 0.5).mean(axis=0)
        np.testing.assert_allclose(bright, dense, atol=0.6)
        places.add(tuple(np.round(bright)))
    assert len(places) > 5


def test_the_field_of_view_stays_where_it_is():
    share = np.zeros((64, 64, 1), np.float32)
    share[:, :50] = 1.0
    fields = {
        "ground": np.zeros((64, 64, 3), np.float32),
        "density": np.ones((64, 64, 2), np.float32),
        "fov_share": share,
    }
    for seed in range(8):
        moved = painter_examples.moved(fields, np.random.default_rng(seed))
        own = moved["fov_share"]
        assert any(
            np.array_equal(own, mirror) for mirror in (share, share[:, ::-1])
        )
        np.testing.assert_array_equal(moved["density"][own[..., 0] == 0], 0.0)


def test_extra_examples_are_drawn_from_too(examples):
    bright = {**examples[0], "fundus": np.ones_like(examples[0]["fundus"])}
    config = Config(**{**vars(CONFIG), "extra_share": 1.0})
    drawn = batches.draw_painter_example(examples, config, 3, extra=[bright])
    inside = drawn["fov_mask"] > 0
    assert drawn["fundus"][inside[..., 0]].min() == 1.0
    np.testing.assert_allclose(drawn["grounds"], 1.0, atol=1e-4)


def test_statistics_are_those_of_the_photographs(examples):
    codes, share = painter_examples.statistics_of(examples)
    assert codes.shape == (3, 27)
    expected = np.mean(
        [
            e["fov_mask"][..., 0].reshape(64, 2, 64, 2).mean(axis=(1, 3))
            for e in examples
        ],
        axis=0,
    )
    np.testing.assert_allclose(share[..., 0], expected, atol=1e-6)
    # The constant terms are about the colours at the middle.
    for example, code in zip(examples, codes, strict=True):
        inside = example["fov_mask"][..., 0] > 0
        colour = example["fundus"][inside].mean(axis=0)
        assert np.corrcoef(code[:3], colour)[0, 1] > 0.95


def test_vessels_are_cut_by_the_field_of_view(examples):
    longer = dict(examples[0])
    longer["vessel_map"] = np.ones_like(longer["vessel_map"])
    prepared = painter_examples.prepared(longer)
    np.testing.assert_array_equal(prepared["vessel_map"], longer["fov_mask"])
    density = prepared["fields"]["density"][..., 0]
    share = prepared["fields"]["fov_share"][..., 0]
    np.testing.assert_allclose(density, share, atol=0.02)
