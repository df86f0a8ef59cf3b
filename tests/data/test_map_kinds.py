"""What is drawn in a picture, by drawings of which one knows."""

import cv2
import numpy as np
import pytest

from migan_tf.base import image_files
from migan_tf.base.errors import UserError
from migan_tf.base.image_files import image_file
from migan_tf.data import map_kinds
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
    for name, picture, kind in (
        ("colour.png", field * (40, 90, 200), map_kinds.PHOTOGRAPH),
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


@pytest.mark.parametrize("share", [0.47, 0.12])
def test_a_photograph_is_none_of_the_maps(share):
    """Also in grey, and where the retina fills a small part of the frame."""
    retina = phantom_retina(96, 96, 5).fundus
    place = np.zeros((*disc(300, 300).shape, 3), np.uint8)
    side = int(300 * share * 2)
    first = (300 - side) // 2
    part = slice(first, first + side)
    place[part, part] = cv2.resize(retina, (side, side))
    grey = np.repeat(place[..., 1:2], 3, axis=-1)
    for fundus in (place, grey, place // 2, np.zeros_like(place)):
        map_kinds.check_photograph(fundus, "a.png")


def test_a_map_is_no_photograph():
    vessels = lines(300, 280, 4)
    soft = cv2.GaussianBlur(vessels, (0, 0), 1.5)
    for plane in (vessels, 1 - vessels, soft, disc(300, 280)):
        fundus = np.repeat(np.uint8(plane * 255)[..., None], 3, axis=-1)
        with pytest.raises(UserError, match="a.png must be .*like a map"):
            map_kinds.check_photograph(fundus, "a.png")
    red = fundus * np.array([1, 0, 0], np.uint8)
    with pytest.raises(UserError, match="like a coloured map"):
        map_kinds.check_photograph(red, "a.png")


@pytest.mark.real_data
@pytest.mark.parametrize(
    "pattern",
    ["DRIVE/*/images/*.tif", "CHASE_DB1/images/*.jpg", "HRF/images/*"],
)
def test_real_photographs_are_photographs(real_data, pattern):
    paths = sorted(real_data.glob(pattern))
    assert len(paths) >= 11
    for path in paths:
        fundus = image_files.read_photograph(image_file(path))
        map_kinds.check_photograph(fundus, path.name)
        assert map_kinds.kind_of_file(image_file(path)) == map_kinds.PHOTOGRAPH
