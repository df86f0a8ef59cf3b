"""What is drawn in a picture, by drawings of which one knows."""

import cv2
import numpy as np
import pytest

from migan_tf.base.image_files import image_file
from migan_tf.data import map_kinds


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
    ):
        cv2.imwrite(str(tmp_path / name), picture.astype(np.uint8))
        found = map_kinds.kind_of_file(image_file(tmp_path / name))
        assert found == kind, name
