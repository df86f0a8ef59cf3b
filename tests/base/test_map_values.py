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


def file_of(folder, stored):
    np.save(folder / "a.npy", stored)
    return image_files.image_file(folder / "a.npy")


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (np.array([[0, 1]], np.uint8), [[0, 1]]),
        (np.array([[0, 2]], np.uint8), [[0, 1]]),
        (np.array([[0, 255]], np.uint8), [[0, 1]]),
        (np.array([[0, 65535]], np.uint16), [[0, 1]]),
        (np.array([[0, 51, 255]], np.uint8), [[0, 0.2, 1]]),
        (np.array([[0, 13107, 65535]], np.uint16), [[0, 0.2, 1]]),
        (np.array([[3, 200]], np.uint8), [[0, 1]]),
        (np.array([[0, 1, 0, 0]], np.float32), [[0, 1, 0, 0]]),
    ],
)
def test_vessel_maps_of_any_kind_are_read_by_one_rule(
    tmp_path, stored, expected
):
    found = map_values.read_vessel_map(file_of(tmp_path, stored))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)
    if stored.size == 2:  # a soft one of three pixels is no binary map
        binary = map_values.to_vessel_map(stored, "a.png")
        np.testing.assert_array_equal(binary, expected)


@pytest.mark.parametrize(
    "stored",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4), np.float32),
        # Levels of no scale, which would paint an image without vessels.
        np.array([[0, 1, 2, 0]], np.uint8),
        np.array([[0, 900, 1800, 0]], np.uint16),
        np.array([[0.0, 0.1, 0.2]]),
    ],
)
def test_an_empty_map_is_refused_by_name(tmp_path, stored):
    with pytest.raises(UserError, match="a.npy must mark vessels.*empty.*Next"):
        map_values.read_vessel_map(file_of(tmp_path, stored))
    with pytest.raises(UserError, match="a.npy must "):
        map_values.to_vessel_map(stored, "a.npy")


@pytest.mark.parametrize("scale", [1, 2, 255, 65535])
def test_an_inverted_map_is_refused_with_the_advice(tmp_path, scale):
    stored = np.full((10, 10), scale, np.uint16)
    stored[:4] = 0  # three fifths are bright
    for found in (
        lambda: map_values.read_vessel_map(file_of(tmp_path, stored)),
        lambda: map_values.to_vessel_map(stored, "a.npy"),
    ):
        with pytest.raises(UserError, match="a.npy .*60%.*inverted.*invert it"):
            found()
    # A field of view may well fill the frame, and a map be of any kind.
    assert map_values.to_binary(stored, "a.npy").mean() == 0.6
    assert map_values.read_map(file_of(tmp_path, stored)).mean() == (
        pytest.approx(0.6)
    )


def test_classes_photographs_and_no_numbers_are_told(tmp_path):
    vessels = np.eye(20, dtype=np.uint8)
    numbered = file_of(tmp_path, vessels + np.tri(20, k=-18, dtype=np.uint8))
    numbered_levels = map_values.read_map(numbered)
    assert numbered_levels.max() == 1  # of two values; so are 0 and 1
    stored = vessels.copy()
    stored[:, 0] = 2
    with pytest.raises(UserError, match="a.npy .*number classes.*one level"):
        map_values.read_vessel_map(file_of(tmp_path, stored))
    photograph = np.tile(np.linspace(0, 255, 20), (20, 1)).astype(np.uint8)
    with pytest.raises(UserError, match="a.npy .*levels of grey.*segment"):
        map_values.read_vessel_map(file_of(tmp_path, photograph))
    for value in (np.nan, np.inf):
        stored = np.where(vessels > 0, value, 0.0)
        with pytest.raises(UserError, match="a.npy must hold numbers"):
            map_values.to_vessel_map(stored, "a.npy")


def test_a_level_that_is_lost_where_a_map_is_cut_is_said(tmp_path, caplog):
    """Half of the vessels are 127 of 254; the others 254."""
    stored = np.eye(20, dtype=np.uint8) * 254
    stored[np.arange(10), np.arange(10)] = 127
    path = file_of(tmp_path, stored)
    for read in (
        lambda: map_values.read_vessel_map(path),
        lambda: map_values.to_vessel_map(stored, "a.npy"),
    ):
        caplog.clear()
        assert (read() >= 0.5).sum() == 10
        assert "50% of what is marked has 0.50 of the full" in caplog.text
    caplog.clear()
    map_values.read_vessel_map(file_of(tmp_path, np.eye(20, dtype=np.uint8)))
    assert not caplog.text


def test_a_soft_map_whose_ground_is_not_0_is_one(tmp_path):
    soft = np.full((20, 20), 0.12, np.float32)
    soft[:, 5:8] = (0.7, 0.9, 0.6)
    found = map_values.read_vessel_map(file_of(tmp_path, soft))
    np.testing.assert_array_equal(found, soft)


def test_per_cent_are_told_from_levels():
    """Levels of images have types of images; others must reach their scale."""
    for dtype in (np.int64, np.int32, np.uint32):
        with pytest.raises(UserError, match="up to 100, which may be per cent"):
            map_values.to_unit({"a": np.array([[0, 100]], dtype)})
    for dtype in (np.uint8, ">u2", "<u2"):
        map_values.to_unit({"a": np.array([[0, 100]], dtype)})
    faint = {"a": np.array([[0, 51]]), "b": np.array([[0, 255]])}
    assert map_values.to_unit(faint)["a"].max() == pytest.approx(0.2)


SLOW = pytest.mark.slow
# Of each set: (vessel maps, how many), and (vessel maps, masks) that pair.
ANNOTATIONS = [
    pytest.param("DRIVE/*/*_manual", 60, id="DRIVE"),
    pytest.param("STARE/labels-*.tar", 40, id="STARE"),
    pytest.param("CHASE_DB1/*HO", 40, id="CHASE_DB1"),
    pytest.param("HRF/manual1", 15, id="HRF", marks=SLOW),
]
WITH_FOV_MASKS = [
    pytest.param("DRIVE/test/1st_manual", "DRIVE/test/mask", id="DRIVE"),
    pytest.param("CHASE_DB1/1stHO", "CHASE_DB1/fov_masks", id="CHASE_DB1"),
    pytest.param("HRF/manual1", "HRF/mask", id="HRF", marks=SLOW),
]


def files_of(real_data, pattern):
    """The files of all folders of a pattern; skips where there is none."""
    places = sorted(real_data.glob(pattern))
    if not places:
        pytest.skip(f"no {pattern} in MIGAN_REAL_DATA")
    return [
        file
        for place in places
        for file in image_files.list_by_stem("vessel_maps", place).values()
    ]


@pytest.mark.real_data
@pytest.mark.parametrize(("pattern", "least"), ANNOTATIONS)
def test_real_annotations_pass_and_inverted_ones_do_not(
    real_data, pattern, least
):
    files = files_of(real_data, pattern)
    assert len(files) >= least
    for file in files:
        vessel_map = map_values.read_vessel_map(file)
        assert 0.04 < vessel_map.mean() < 0.16
        with pytest.raises(UserError, match="inverted"):
            map_values.check_vessel_map(1 - vessel_map, file.name)


@pytest.mark.real_data
@pytest.mark.parametrize(("pattern", "masks"), WITH_FOV_MASKS)
def test_also_where_only_the_field_of_view_is_inverted(
    real_data, pattern, masks
):
    pairs = zip(
        files_of(real_data, pattern), files_of(real_data, masks), strict=True
    )
    for file, mask_file in pairs:
        vessel_map = map_values.read_vessel_map(file) > 0.5
        plane = image_files.read_plane(mask_file)
        fov_mask = map_values.to_binary(plane, mask_file.name)
        with pytest.raises(UserError, match="inverted"):
            map_values.check_vessel_map(fov_mask & ~vessel_map, file.name)


def disc(side=40):
    axis = np.arange(side) - (side - 1) / 2
    return axis[:, None] ** 2 + axis**2 < (side / 2 - 2) ** 2


def test_an_inverted_fov_mask_is_refused_with_the_advice():
    inside = disc()
    stored = inside.astype(np.uint8) * 255
    np.testing.assert_array_equal(
        map_values.to_fov_mask(stored, "a.png"), inside
    )
    with pytest.raises(UserError, match="a.png must .* Next: invert it"):
        map_values.to_fov_mask(255 - stored, "a.png")


def test_a_fov_of_all_or_of_one_side_is_one():
    whole = np.full((30, 40), 255, np.uint8)
    assert map_values.to_fov_mask(whole, "a.png").all()
    left = np.where(np.arange(40) < 15, whole, 0)
    assert map_values.to_fov_mask(left, "a.png")[:, :15].all()
