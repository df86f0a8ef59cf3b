"""PNG files in DRIVE's layout."""

import numpy as np
import pytest
from PIL import Image

from migan_tf.evaluation import predictions
from migan_tf.synthesis import formats
from migan_tf.synthesis.store import LocalStore
from tests.synthetic_parts import make_pair


def test_files_are_named_as_drive_names_them():
    names = [name for name, _ in formats.png_files(make_pair(21))]
    assert names == [
        "training/images/0000021_training.png",
        "training/1st_manual/0000021_manual1.png",
        "training/mask/0000021_training_mask.png",
    ]


def test_arteries_and_veins_are_written_where_they_are_known():
    pair = make_pair(7, arteries=True)
    files = dict(formats.png_files(pair))
    assert len(files) == 5
    assert "training/artery/0000007_artery.png" in files
    assert "training/vein/0000007_vein.png" in files


def test_another_library_reads_the_same_pixels(tmp_path):
    pair, store = make_pair(4), LocalStore(tmp_path)
    for name, content in formats.png_files(pair):
        store.write(name, content)
    folder = tmp_path / "training"
    cut = np.where(pair.vessel_map > 127, np.uint8(255), np.uint8(0))
    planes = {
        "images/0000004_training.png": pair.fundus,
        "1st_manual/0000004_manual1.png": cut,
        "mask/0000004_training_mask.png": pair.fov_mask * np.uint8(255),
    }
    for name, plane in planes.items():
        with Image.open(folder / name) as image:
            np.testing.assert_array_equal(np.asarray(image), plane)
    fundus, vessel_map = formats.read_png(store, pair.image_id)
    np.testing.assert_array_equal(fundus, pair.fundus)
    np.testing.assert_array_equal(vessel_map, cut)


def test_the_scorer_pairs_the_files(tmp_path):
    store = LocalStore(tmp_path)
    for number in (1, 2):
        pair = make_pair(number)
        for name, content in formats.png_files(pair):
            store.write(name, content)
    folder = tmp_path / "training"
    rows = predictions.read_scored(
        str(folder / "1st_manual"),
        str(folder / "1st_manual"),
        fov_masks=str(folder / "mask"),
        second_annotator="",
        fundus="",
    )
    assert len(rows) == 2


def test_equal_pairs_give_equal_bytes():
    one, two = (list(formats.png_files(make_pair(3))) for _ in "ab")
    assert one == two


def test_what_is_no_image_is_refused():
    with pytest.raises(Exception, match="image|channels|cn"):
        formats.encode_png(np.zeros((4, 4, 7), np.uint8))


def test_reducing_averages():
    image = np.zeros((4, 4, 3), np.uint8)
    image[:2, :2] = [[[10], [20]], [[30], [40]]]
    small = formats.resized(image, 2)
    assert small[0, 0].tolist() == [25, 25, 25]
    assert small[1, 1].tolist() == [0, 0, 0]
