import numpy as np
import pytest
from sklearn import metrics as sk

from migan_tf.metrics import figures
from migan_tf.metrics.tally import tally


def test_overlay_colours_each_kind_of_pixel():
    # Columns: TP, FN, FP, TN, and a vessel found outside the FOV.
    vessel_map = np.array([[1, 1, 0, 0, 1]], bool)
    decision = np.array([[1, 0, 1, 0, 1]], bool)
    fov_mask = np.array([[1, 1, 1, 1, 0]], bool)
    fundus = np.full((1, 5, 3), 100, np.uint8)
    picture = figures.overlay(
        fundus, vessel_map, decision=decision, fov_mask=fov_mask
    )
    assert picture.dtype == np.uint8 and picture.shape == (1, 5, 3)
    red, green, blue = (picture[0, :, channel] for channel in range(3))
    assert green[0] > 2 * max(red[0], blue[0])
    assert red[1] > 2 * max(green[1], blue[1])
    assert blue[2] > 2 * max(red[2], green[2])
    # Grey inside, darker outside.
    assert red[3] == green[3] == blue[3] == 80
    assert red[4] == green[4] == blue[4] == 26


def test_overlay_without_a_photograph_is_black_behind():
    nothing = np.zeros((4, 6), bool)
    assert not figures.overlay(
        None, nothing, decision=nothing, fov_mask=~nothing
    ).any()


@pytest.mark.parametrize("odd", ["decision", "fov_mask", "fundus"])
def test_overlay_refuses_other_sizes(odd):
    planes = dict(
        fundus=np.zeros((4, 6, 3), np.uint8),
        vessel_map=np.zeros((4, 6), bool),
        decision=np.zeros((4, 6), bool),
        fov_mask=np.zeros((4, 6), bool),
    )
    planes[odd] = planes[odd][:, :5]
    with pytest.raises(ValueError, match=f"{odd} must be 4 × 6"):
        figures.overlay(**planes)


def test_a_sheet_holds_rows_of_pictures_and_black_where_they_end():
    red, blue = np.zeros((2, 4, 6, 3), np.uint8)
    red[..., 0] = blue[..., 2] = 255
    sheet = figures.contact_sheet([[red, blue], [blue]])
    assert sheet.shape == (8, 12, 3)
    np.testing.assert_array_equal(sheet[:4, :6], red)
    np.testing.assert_array_equal(sheet[:4, 6:], blue)
    np.testing.assert_array_equal(sheet[4:, :6], blue)
    assert not sheet[4:, 6:].any()


@pytest.fixture
def pixels():
    rng = np.random.default_rng(0)
    probability = rng.random(50000).astype(np.float32)
    return rng.random(50000) < probability, probability


HUMAN = {"sensitivity": 0.8, "specificity": 0.9, "precision": 0.7}


def drawn(figure):
    (axes,) = figure.axes
    return {line.get_label(): line.get_xydata() for line in axes.lines}


def test_the_drawn_curves_have_the_area_of_the_figures(pixels):
    curve = tally(*pixels).curve
    lines = drawn(figures.roc_figure({"map": curve}, HUMAN))
    area = sk.auc(*lines["map"].T)
    assert area == pytest.approx(sk.roc_auc_score(*pixels), abs=1e-3)
    assert len(lines["map"]) <= figures.CURVE_POINTS
    np.testing.assert_allclose(lines["the second annotator"], [[0.1, 0.8]])

    lines = drawn(figures.precision_recall_figure({"map": curve}, HUMAN))
    area = sk.auc(*lines["map"].T)
    expected = sk.average_precision_score(*pixels)
    assert area == pytest.approx(expected, abs=1e-3)
    np.testing.assert_allclose(lines["the second annotator"], [[0.8, 0.7]])


def test_pictures_are_rgb_and_leave_no_global_figure(pixels):
    curve = tally(*pixels).curve
    picture = figures.precision_recall_picture(curve)
    assert picture.shape == (480, 480, 3) and picture.dtype == np.uint8
    assert 0 < (picture < 128).mean() < 0.2
    two = figures.roc_figure({"a": curve, "b": curve}, note="protocol x")
    assert len(drawn(two)) == 2
