import cv2
import numpy as np
import pytest

from migan_tf.phantom.raster import Frame, draw_vessels
from migan_tf.phantom.retina import (
    contact_sheet,
    phantom_retina,
    phantom_tree,
    second_reading,
    visible_radius,
)
from migan_tf.phantom.vessel_tree import ARTERY, VEIN

DRIVE = (584, 565)


@pytest.fixture(scope="module")
def retina():
    return phantom_retina(*DRIVE, seed=3)


def centreline_pixels(retina, kind):
    """Integer rows and columns of all centreline points inside the field."""
    points = np.concatenate(
        [
            retina.frame.pixel_points(segment, retina.tree.anatomy.left_eye)
            for segment in retina.tree.segments
            if segment.kind == kind
        ]
    )
    # Two pixels off the edge, which cuts through vessels.
    from_middle = points - [(DRIVE[1] - 1) / 2, (DRIVE[0] - 1) / 2]
    inside = np.hypot(*from_middle.T) < retina.frame.radius - 2
    columns, rows = np.round(points[inside]).astype(int).T
    return rows, columns


def test_shapes_types_and_values(retina):
    assert retina.fundus.shape == (*DRIVE, 3)
    assert retina.fundus.dtype == np.uint8
    for name in ("vessel_map", "artery_map", "vein_map", "fov_mask"):
        drawn = getattr(retina, name)
        assert drawn.shape == DRIVE and drawn.dtype == np.uint8
        assert set(np.unique(drawn)) == {0, 255}, name


def test_equal_seeds_give_equal_bytes_and_others_other_eyes():
    def drawn(seed):
        retina = phantom_retina(96, 90, seed)
        planes = retina.fundus, retina.vessel_map, second_reading(retina)
        return [plane.tobytes() for plane in planes]

    assert drawn(3) == drawn(3)
    assert all(a != b for a, b in zip(drawn(3), drawn(4), strict=True))


def test_field_of_view_is_that_of_drive(retina):
    # DRIVE's masks cover 0.684 to 0.690 of the photograph.
    assert 0.68 < np.mean(retina.fov_mask > 0) < 0.695


def test_nothing_outside_the_field(retina):
    outside = retina.fov_mask == 0
    for name in ("vessel_map", "artery_map", "vein_map"):
        assert not getattr(retina, name)[outside].any()
    assert not second_reading(retina)[outside].any()
    far = cv2.erode(outside.astype(np.uint8), np.ones((9, 9))) > 0
    assert retina.fundus[far].mean() < 12
    assert retina.fundus[~outside].mean() > 60


@pytest.mark.parametrize("kind", [ARTERY, VEIN])
def test_every_centreline_lies_in_its_map(retina, kind):
    rows, columns = centreline_pixels(retina, kind)
    drawn = retina.artery_map if kind == ARTERY else retina.vein_map
    share = np.mean(drawn[rows, columns] > 0)
    near = cv2.dilate(drawn, np.ones((3, 3), np.uint8))
    # A vessel 1.3 pixels wide through a pixel's corner can miss that pixel.
    assert share > 0.97
    assert (near[rows, columns] > 0).all()


def test_no_vessel_pixel_without_a_vessel(retina):
    free = np.full(DRIVE, 255, np.uint8)
    for kind in (ARTERY, VEIN):
        free[centreline_pixels(retina, kind)] = 0
    widest = 2 * max(s.radii[0] for s in retina.tree.segments)
    distance = cv2.distanceTransform(free, cv2.DIST_L2, 5)
    y, x = np.indices(DRIVE)
    middle = np.hypot(y - 291.5, x - 282) < retina.frame.radius - 8
    reach = widest / 2 * retina.frame.radius + 2
    assert distance[(retina.vessel_map > 0) & middle].max() <= reach


def test_arteries_and_veins_make_up_the_vessel_map(retina):
    both = (retina.artery_map > 0) | (retina.vein_map > 0)
    np.testing.assert_array_equal(retina.vessel_map > 0, both)
    crossing = (retina.artery_map > 0) & (retina.vein_map > 0)
    assert crossing.sum() < 0.1 * both.sum()


def test_vessel_density_is_that_of_drive():
    frame = Frame(*DRIVE)
    inside = frame.fov_mask()
    densities = []
    for seed in range(100, 104):
        tree = phantom_tree(seed, visible_radius(frame))
        coverage = draw_vessels(tree, frame, (ARTERY, VEIN))
        densities.append(np.mean(coverage[inside] >= 0.5))
    assert 0.08 < min(densities) and max(densities) < 0.16
    assert 0.11 < np.mean(densities) < 0.14  # DRIVE's training set: 0.125


def test_arteries_are_brighter_than_veins(retina):
    core = np.ones((3, 3), np.uint8)
    arteries = cv2.erode(retina.artery_map & ~retina.vein_map, core) > 0
    veins = cv2.erode(retina.vein_map & ~retina.artery_map, core) > 0
    background = (retina.fov_mask > 0) & (retina.vessel_map == 0)
    levels = [retina.fundus[m].mean(0) for m in (veins, arteries, background)]
    assert (levels[0][:2] < levels[1][:2]).all()  # red and green
    assert levels[1][1] < levels[2][1]  # both darker than the fundus in green


def test_the_macula_is_dark_and_free_of_vessels(retina):
    eye = retina.tree.anatomy
    x, y = retina.frame.unit_grid(eye.left_eye)
    distance = np.hypot(x - eye.fovea[0], y - eye.fovea[1])
    core = distance < 0.85 * eye.avascular_radius
    assert not retina.vessel_map[core].any()
    around = (distance > 0.3) & (distance < 0.4) & (retina.vessel_map == 0)
    green = retina.fundus[..., 1]
    assert green[core].mean() < 0.9 * green[around].mean()


def test_the_disc_is_the_brightest_place(retina):
    eye = retina.tree.anatomy
    x, y = retina.frame.unit_grid(eye.left_eye)
    distance = np.hypot(x - eye.disc[0], y - eye.disc[1])
    disc = (distance < 0.7 * eye.disc_radius) & (retina.vessel_map == 0)
    rest = (distance > 0.4) & (retina.fov_mask > 0)
    green = retina.fundus[..., 1].astype(float)
    assert green[disc].mean() > 1.3 * green[rest].mean()


def test_left_and_right_eyes():
    sides = set()
    for seed in range(4):
        retina = phantom_retina(96, 96, seed)
        green = cv2.GaussianBlur(retina.fundus[..., 1], (0, 0), 4)
        column = np.unravel_index(green.argmax(), green.shape)[1]
        assert (column < 48) == retina.tree.anatomy.left_eye
        sides.add(retina.tree.anatomy.left_eye)
    assert sides == {False, True}


@pytest.mark.parametrize("size", [(48, 48), (64, 300), (605, 700)])
def test_any_size(size):
    retina = phantom_retina(*size, seed=1)
    assert retina.fundus.shape == (*size, 3)
    density = np.mean(retina.vessel_map[retina.fov_mask > 0] > 0)
    assert 0.05 < density < 0.30


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((47, 64, 0), r"height and width .*Received: 47 x 64\."),
        ((64, 64, -1), r"seed .*Received: -1\."),
    ],
)
def test_wrong_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        phantom_retina(*arguments)


def test_the_second_reader_misses_thin_vessels(retina):
    first, second = (
        retina.vessel_map > 0,
        second_reading(retina) > 0,
    )
    dice = 2 * np.sum(first & second) / (first.sum() + second.sum())
    assert 0.75 < dice < 0.92
    # What a 5 x 5 opening leaves is thick: little of that is missed.
    thick = cv2.morphologyEx(
        retina.vessel_map, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)
    )
    found_thick = second[thick > 0].mean()
    found_thin = second[first & (thick == 0)].mean()
    assert found_thick > 0.85 > found_thin


def test_contact_sheet_holds_the_retinas_row_by_row():
    page = contact_sheet(2, 2, height=48, width=60, seed=7, shown=48)
    assert page.shape == (96, 120, 3)
    third = phantom_retina(48, 60, 9).fundus
    np.testing.assert_array_equal(page[48:, :60], third)
