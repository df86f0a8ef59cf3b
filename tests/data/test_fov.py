"""The automatic field of view, on drawn discs, phantoms and real data."""

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from migan_tf.data import fov, prepared
from migan_tf.phantom import retina as phantom_retina


def find(fundus):
    return fov.find_fov_mask(fundus).numpy()


def overlap(found, true):
    """Intersection over union of two boolean masks."""
    return (found & true).sum() / (found | true).sum()


def photograph(height=600, width=800, radius=280, centre=None, level=1.0):
    """A lit disc with a dark lesion and vessels to its rim, and its mask."""
    row, column = centre or (height // 2, width // 2)
    rows, columns = np.ogrid[:height, :width]
    disc = np.hypot(rows - row, columns - column) <= radius
    fundus = np.full((height, width, 3), 6.0)
    # Light falls off towards the rim, as in real photographs.
    falloff = 1 - 0.5 * np.hypot(rows - row, columns - column) / radius
    lit = falloff[..., None] * np.array([210, 110, 50]) * level
    fundus[disc] = lit[disc]
    vessels = (np.abs(rows - row) < radius // 60) & disc
    fundus[vessels] *= 0.45
    lesion = np.hypot(rows - row + 60, columns - column) < radius // 8
    fundus[lesion & disc] = 5
    noise = np.random.default_rng(7).normal(0, 3, fundus.shape)
    return np.clip(fundus + noise, 0, 255).astype(np.uint8), disc


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ({}, 0.985),
        ({"level": 0.3}, 0.98),
        ({"radius": 380}, 0.985),
        ({"centre": (300, 250)}, 0.985),
        ({"height": 1500, "width": 2000, "radius": 300}, 0.96),
        ({"height": 3000, "width": 4000, "radius": 1450}, 0.985),
        ({"height": 90, "width": 80, "radius": 36}, 0.95),
    ],
)
def test_a_disc_is_found_at_any_size_and_place(kind, least):
    fundus, disc = photograph(**kind)
    found = find(fundus)
    assert found.shape == fundus.shape[:2] and found.dtype == bool
    assert overlap(found, disc) >= least


def test_printed_text_and_jpeg_noise_do_not_count():
    fundus, disc = photograph()
    cv2.putText(fundus, "OD 12", (5, 40), 0, 1, (255, 255, 255), 3)
    stored = cv2.imencode(".jpg", fundus, [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    assert overlap(find(cv2.imdecode(stored, cv2.IMREAD_COLOR)), disc) > 0.98


def test_flat_edges_of_a_cut_disc_are_kept():
    fundus, disc = photograph()
    for edge in (slice(0, 60), slice(540, 600)):
        fundus[edge] = fundus[0, 0]
        disc[edge] = False
    assert overlap(find(fundus), disc) > 0.98


def test_a_crop_without_surround_is_all_field_of_view():
    fundus, _ = photograph()
    assert find(fundus[150:450, 250:550]).all()


@pytest.mark.parametrize("level", [0, 12, 128, 255])
def test_nothing_is_found_where_nothing_is_shown(level):
    assert not find(np.full((120, 160, 3), level, np.uint8)).any()


def test_the_noise_of_a_dark_exposure_is_no_fundus():
    noise = np.random.default_rng(1).normal(8, 4, (600, 800, 3))
    assert not find(np.clip(noise, 0, 255).astype(np.uint8)).any()


@pytest.mark.parametrize("size", [(144, 144), (400, 387)])
def test_phantoms(size):
    for seed in (1, 2):
        retina = phantom_retina.phantom_retina(*size, seed)
        assert overlap(find(retina.fundus), retina.fov_mask > 0) > 0.965


@pytest.mark.parametrize(
    "fundus", [np.zeros((9, 9, 3), np.float32), np.zeros((9, 9), np.uint8)]
)
def test_other_types_and_ranks_are_refused(fundus):
    with pytest.raises(ValueError, match="uint8 of shape"):
        fov.find_fov_mask(fundus)


def test_it_works_inside_a_saved_model(tmp_path):
    module = tf.Module()
    module.find = tf.function(
        fov.find_fov_mask,
        input_signature=[tf.TensorSpec((None, None, 3), tf.uint8)],
    )
    tf.saved_model.save(module, tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    definition = loaded.find.get_concrete_function().graph.as_graph_def()
    nodes = list(definition.node)
    for function in definition.library.function:
        nodes += function.node_def
    assert len(nodes) > 50
    assert not [node.op for node in nodes if "PyFunc" in node.op]
    fundus, _ = photograph(300, 400, 140)
    np.testing.assert_array_equal(loaded.find(fundus).numpy(), find(fundus))


@pytest.mark.slow
@pytest.mark.real_data
def test_drive_masks_are_matched(real_data):
    overlaps = []
    for path in sorted((real_data / "DRIVE").glob("*/images/*.tif")):
        stored = path.parents[1] / "mask" / f"{path.stem}_mask.gif"
        with Image.open(path) as tif, Image.open(stored) as gif:
            official = np.array(gif.convert("L")) > 127
            overlaps.append(overlap(find(np.array(tif)), official))
    assert len(overlaps) == 40
    assert np.min(overlaps) >= 0.97
    assert np.mean(overlaps) >= 0.99


@pytest.mark.slow
@pytest.mark.real_data
def test_stare_masks_drawn_by_others_are_matched(real_data):
    survey = prepared.load_module("stare", "checks").survey(real_data)
    overlaps = []
    for path in sorted((real_data / "STARE" / "fov_masks").glob("*.png")):
        drawn = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) > 127
        fundus = survey.pixel_arrays[f"stare-images.tar/{path.stem}"]
        overlaps.append(overlap(find(fundus), drawn))
    assert len(overlaps) == 20
    assert np.min(overlaps) >= 0.985
    assert np.mean(overlaps) >= 0.99


@pytest.mark.slow
@pytest.mark.real_data
def test_chase_masks_fitted_by_others_are_matched(real_data):
    folder = real_data / "CHASE_DB1"
    if not folder.is_dir():
        pytest.skip("there is no CHASE_DB1")
    for name in ("01L", "07R"):
        photograph = folder / "images" / f"Image_{name}.jpg"
        stored = folder / "fov_masks" / f"Image_{name}.png"
        with Image.open(photograph) as jpeg, Image.open(stored) as png:
            drawn = np.array(png.convert("L")) > 0
            assert overlap(find(np.array(jpeg)), drawn) > 0.98
