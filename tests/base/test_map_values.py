import cv2
import numpy as np
import pytest

from migan_tf.base import image_files, map_values
from migan_tf.base.errors import UserError


@pytest.mark.parametrize(
    "stored, expected",
    [
        (np.array([[0, 128, 255]], np.uint8), [0, 128 / 255, 1]),
        (np.array([[0, 1, 1]], np.uint8), [0, 1, 1]),
        (np.array([[0, 32768, 65535]], np.uint16), [0, 32768 / 65535, 1]),
        (np.array([[0, 51, 255]], np.int64), [0, 0.2, 1]),
        (np.array([[False, True, True]]), [0, 1, 1]),
        (np.array([[0, 0.25, 1]], np.float64), [0, 0.25, 1]),
        (np.array([[-0.01, 0.5, 1.02]], np.float32), [0, 0.5, 1]),
    ],
)
def test_integers_and_floats_become_probabilities(stored, expected):
    unit = map_values.to_unit({"a": stored})["a"]
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit, [expected], rtol=1e-6)


def test_a_faint_map_keeps_the_scale_of_its_set():
    faint = np.array([[0, 1]], np.uint8)
    full = np.array([[0, 255]], np.uint8)
    unit = map_values.to_unit({"faint": faint, "full": full})
    np.testing.assert_allclose(unit["faint"], [[0, 1 / 255]], rtol=1e-6)


@pytest.mark.parametrize(
    "stored",
    [
        np.array([[0.0, 200.0]]),
        np.array([[-3.0, 0.5]]),
        np.array([[np.nan, 0.5]]),
        np.array([[0, 70000]], np.int64),
        np.array([[-1, 1]], np.int16),
    ],
)
def test_what_is_no_probability_is_refused_by_name(stored):
    with pytest.raises(UserError, match="01_test.png must hold .*Received"):
        map_values.to_unit({"01_test.png": stored})


@pytest.mark.parametrize(
    "values", [(0, 1), (0, 255), (0, 65535), (0, 100), (-1, 1), (0.0, 1.0)]
)
def test_two_values_are_background_and_vessel(values):
    plane = np.array([[values[0], values[1], values[0]]])
    np.testing.assert_array_equal(
        map_values.to_binary(plane, "a.gif"), [[False, True, False]]
    )


def test_a_full_fov_mask_is_all_inside():
    assert map_values.to_binary(np.full((2, 2), 255, np.uint8), "a").all()


def test_what_jpeg_leaves_is_cut_in_the_middle():
    plane = np.array([[3, 250, 120, 140] + [0] * 396], np.uint8)
    found = map_values.to_binary(plane, "a.jpg")
    np.testing.assert_array_equal(found[0, :4], [False, True, False, True])


@pytest.mark.parametrize(
    "plane",
    [
        np.zeros((4, 4), np.uint8),
        np.arange(256, dtype=np.uint8).reshape(16, 16),
        np.array([[0, 1, 2, 3]], np.uint8),
    ],
)
def test_what_holds_no_two_values_is_refused_by_name(plane):
    with pytest.raises(UserError, match="01_manual1.gif must"):
        map_values.to_binary(plane, "01_manual1.gif")


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (np.array([[0, 1]], np.uint8), [[0, 1]]),
        (np.array([[0, 2]], np.uint8), [[0, 1]]),
        (np.array([[0, 255]], np.uint8), [[0, 1]]),
        (np.array([[0, 65535]], np.uint16), [[0, 1]]),
        (np.array([[0, 51, 255]], np.uint8), [[0, 0.2, 1]]),
        (np.array([[0, 13107, 65535]], np.uint16), [[0, 0.2, 1]]),
        (np.array([[0, 0]], np.uint8), [[0, 0]]),
    ],
)
def test_vessel_maps_of_any_kind_are_read_by_one_rule(
    tmp_path, stored, expected
):
    cv2.imwrite(str(tmp_path / "a.png"), stored)
    file = image_files.image_file(tmp_path / "a.png")
    found = map_values.read_vessel_map(file)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)
