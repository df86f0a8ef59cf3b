"""What is drawn in a picture, by drawings of which one knows."""

import cv2
import numpy as np
import pytest

from migan_tf.base import map_kinds
from migan_tf.base.errors import UserError
from migan_tf.base.image_files import image_file
from migan_tf.phantom.retina import phantom_retina


def lines(height, width, thickness):
    """Bright lines over the frame, as vessels are."""
    plane = np.zeros((height, width), np.float32)
    for share in np.linspace(0.1, 0.9, 7):
        start = int(share * width), int(0.1 * height)
        end = int((1 - share) * width), int(0.9 * height)
        cv2.line(plane, start, end, 1.0, thickness)
    return plane


def disc(height, width, share=0.47):
    plane = np.zeros((height, width), np.float32)
    centre = width // 2, height // 2
    cv2.circle(plane, centre, int(share * min(height, width)), 1.0, -1)
    return plane


SIZES = [(64, 64, 2), (584, 565, 7), (1168, 1752, 19)]


@pytest.mark.parametrize("height, width, thickness", SIZES)
def test_lines_and_areas_are_told_apart(height, width, thickness):
    vessels, field = lines(height, width, thickness), disc(height, width)
    assert map_kinds.kind_of(vessels) == map_kinds.VESSELS
    assert map_kinds.kind_of(1 - vessels) == map_kinds.INVERTED
    inside = np.minimum(1 - vessels, field)
    assert map_kinds.kind_of(inside) == map_kinds.INVERTED
    assert map_kinds.kind_of(field) == map_kinds.FILLED
    assert map_kinds.kind_of(np.ones_like(field)) == map_kinds.FILLED
    assert map_kinds.kind_of(np.zeros_like(field)) == map_kinds.EMPTY


def test_a_hair_line_of_a_large_picture_is_a_vessel():
    vessels = lines(1168, 1752, thickness=1)
    assert map_kinds.kind_of(vessels) == map_kinds.VESSELS


def test_soft_vessels_and_a_spot_of_a_lesion():
    soft = cv2.GaussianBlur(lines(584, 565, 7), (0, 0), 1.5)
    assert map_kinds.kind_of(soft) == map_kinds.VESSELS
    # A small filled area is no field of view.
    assert map_kinds.kind_of(disc(584, 565, 0.1)) == map_kinds.GREY


def test_a_frame_of_black_about_the_field_is_no_vessel():
    plane = np.ones((584, 565), np.float32)
    plane[:5] = plane[-5:] = plane[:, :5] = plane[:, -5:] = 0
    assert map_kinds.kind_of(plane) == map_kinds.FILLED


def test_files_are_told_by_their_colours(tmp_path):
    field = disc(96, 88)[..., None]
    shaded = field * np.linspace(0.5, 1.0, 88)[:, None]
    for name, picture, kind in (
        ("colour.png", shaded * (40, 90, 200), map_kinds.PHOTOGRAPH),
        ("flat.png", field * (40, 90, 200), map_kinds.COLOURED_MAP),
        ("grey.png", field * (200, 200, 200), map_kinds.FILLED),
        ("two.png", lines(96, 88, 2) * 2, map_kinds.VESSELS),
        ("film.png", np.tile(np.arange(88), (96, 1)), map_kinds.GREY),
        (
            "arteries.png",
            lines(96, 88, 2)[..., None] * (0, 0, 255),
            map_kinds.COLOURED_MAP,
        ),
    ):
        cv2.imwrite(str(tmp_path / name), picture.astype(np.uint8))
        found = map_kinds.kind_of_file(image_file(tmp_path / name))
        assert found == kind, name


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int32])
def test_arrays_in_files_are_maps_too(tmp_path, kind):
    np.save(tmp_path / "a.npy", lines(96, 88, 2).astype(kind))
    found = map_kinds.kind_of_file(image_file(tmp_path / "a.npy"))
    assert found == map_kinds.VESSELS


def written(folder, picture):
    """The `ImageFile` of a picture, RGB or grey, without loss."""
    if picture.ndim == 3:
        picture = picture[..., ::-1]
    cv2.imwrite(str(folder / "a.png"), picture)
    return image_file(folder / "a.png")


@pytest.mark.parametrize("share", [0.47, 0.12])
def test_a_photograph_is_none_of_the_maps(tmp_path, share):
    """Also in grey, dark, labelled, or in a small part of the frame."""
    retina = phantom_retina(96, 96, 5).fundus
    place = np.zeros((300, 300, 3), np.uint8)
    side = int(300 * share * 2)
    first = (300 - side) // 2
    part = slice(first, first + side)
    place[part, part] = cv2.resize(retina, (side, side))
    grey = place[..., 1]
    labelled = cv2.putText(place // 2, "OD 03", (5, 20), 0, 0.5, (255,) * 3)
    for fundus in (place, grey, place // 2, grey // 2, labelled, 0 * place):
        map_kinds.read_photograph(written(tmp_path, fundus))
    for fundus, kind in (
        (place, map_kinds.PHOTOGRAPH),
        (grey, map_kinds.GREY),
        (grey // 4, map_kinds.GREY),
    ):
        found = map_kinds.kind_of_file(written(tmp_path, fundus))
        assert found == kind


RED, BLUE = np.uint8([255, 0, 0]), np.uint8([0, 0, 255])
DULL = np.uint8([214, 39, 40]), np.uint8([31, 119, 180])


@pytest.mark.parametrize("colours", [(RED, BLUE), DULL])
def test_arteries_and_veins_in_colours_are_a_map(tmp_path, colours):
    vessels = lines(300, 280, 4)[..., None]
    left = np.arange(280)[None, :, None] < 140
    drawn = np.uint8(vessels * np.where(left, *colours))
    on_white = np.uint8(drawn + 255 * (1 - vessels))
    half = cv2.resize(drawn, (140, 150), interpolation=cv2.INTER_AREA)
    for picture in (drawn, on_white, half):
        file = written(tmp_path, picture)
        assert map_kinds.kind_of_file(file) == map_kinds.COLOURED_MAP
        with pytest.raises(UserError, match="a.png must be .*like a map"):
            map_kinds.read_photograph(file)


@pytest.mark.parametrize("level", [1, 50, 127, 255])
def test_a_map_is_no_photograph(tmp_path, level):
    vessels = lines(300, 280, 4)
    soft = cv2.GaussianBlur(vessels, (0, 0), 1.5)
    field = disc(300, 280)
    for plane in (vessels, 1 - vessels, soft, field):
        file = written(tmp_path, np.uint8(np.round(plane * level)))
        with pytest.raises(UserError, match="a.png must be .*like a map"):
            map_kinds.read_photograph(file)


@pytest.mark.real_data
@pytest.mark.parametrize(
    "pattern",
    ["DRIVE/*/images/*.tif", "CHASE_DB1/images/*.jpg", "HRF/images/*"],
)
def test_real_photographs_are_photographs(real_data, pattern):
    paths = sorted(real_data.glob(pattern))
    assert len(paths) >= 11
    for path in paths:
        map_kinds.read_photograph(image_file(path))
        assert map_kinds.kind_of_file(image_file(path)) == map_kinds.PHOTOGRAPH


@pytest.mark.real_data
@pytest.mark.parametrize("share", [1.0, 0.5, 0.25])
def test_real_photographs_in_grey_and_dark_are_photographs(
    real_data, tmp_path, share
):
    for path in sorted(real_data.glob("DRIVE/test/images/*.tif")):
        fundus = map_kinds.read_photograph(image_file(path))
        dark = np.uint8(fundus * share)
        map_kinds.read_photograph(written(tmp_path, dark))
        file = written(tmp_path, dark[..., 1])
        map_kinds.read_photograph(file)
        assert map_kinds.kind_of_file(file) == map_kinds.GREY
