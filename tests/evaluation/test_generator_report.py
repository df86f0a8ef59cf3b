"""The report of a result that is made up."""

import json

import cv2
import numpy as np
import pytest

from migan_tf.data.style_photograph import StylePhotograph
from migan_tf.evaluation import generator_report
from migan_tf.evaluation.generator_scores import FundusImages


def part(dice, **more):
    return {
        "images": 8,
        "vessel_consistency": {
            "threshold": 0.4,
            "dice": dice,
            "sensitivity_thin": None,
            "sensitivity_thick": 0.75,
            "centreline_dice": 0.5,
        },
        "colour": {"distance_to_training": 3.0, "distance_to_style": None},
        "style_leak": None,
        "pixel_noise": 3.571,
        "kid_to_training": 0.0123,
        "nearest_training_distance": 12.5,
        **more,
    }


def make_result(reference=None):
    painted = {
        "diversity": {"0.001": 0.0, "1": 2.25},
        "noise_stddev": 1.0,
        "nearest_ratio": 0.9,
    }
    return {
        "workdir": "runs/a",
        "reference_workdir": "runs/b" if reference else None,
        "segmenter": "runs/a/segmentation",
        "features": "somebody's features",
        "split": "test",
        "maps": 4,
        "samples": 2,
        "seed": 3,
        "image_size": 64,
        "thick_from_pixels": 2,
        "style": None,
        "sheet": generator_report.sheet_name(False),
        "photographs": part(0.8123),
        "generator": part(0.7012, **painted),
        "reference": reference and part(reference, **painted),
        "warnings": ["something is odd"],
    }


def lines_of(text, title):
    return [x.split() for x in text.splitlines() if x.strip().startswith(title)]


def test_the_table_names_columns_and_leaves_out_what_there_is_not():
    text = generator_report.table(make_result())
    assert max(map(len, text.splitlines())) <= 80
    assert "painted   photographs" in text and "reference" not in text
    assert lines_of(text, "Dice") == [["Dice", "0.7012", "0.8123"]]
    assert lines_of(text, "sensitivity, thin")[0][-2:] == ["-", "-"]
    assert lines_of(text, "σ = 1") == [["σ", "=", "1", "2.250", "-"]]
    assert lines_of(text, "pixel noise")[0][-2:] == ["3.57", "3.57"]
    assert lines_of(text, "KID") == [["KID", "0.01230", "0.01230"]]
    assert "features: somebody's features" in text
    assert "style" not in text
    assert "warning: something is odd" in text


def test_a_style_gets_its_rows():
    result = make_result()
    result["style"] = "im0005"
    leak = {"style_leak": {"leak": 0.25, "chance": 0.125, "images": 8}}
    result["generator"] |= leak
    text = generator_report.table(result)
    assert "style: im0005" in text
    assert lines_of(text, "found where")[0][-2:] == ["0.2500", "-"]
    assert lines_of(text, "found elsewhere")[0][-2:] == ["0.1250", "-"]


def test_a_reference_stands_beside():
    text = generator_report.table(make_result(0.65))
    assert lines_of(text, "Dice") == [["Dice", "0.7012", "0.6500", "0.8123"]]
    assert max(map(len, text.splitlines())) <= 80


def planes(count, level):
    shape = (count, 8, 8)
    return FundusImages(
        [f"{level}_{i}" for i in range(count)],
        np.stack(
            [np.full((8, 8, 3), level + i, np.uint8) for i in range(count)]
        ),
        fov_mask=np.ones(shape, bool),
        vessel_map=np.zeros(shape, bool),
        levels=None,
        features=None,
    )


def test_a_row_is_map_photograph_samples_overlay():
    decisions = np.zeros((16, 8, 8), bool)
    decisions[2, 3, 3] = True
    rows = generator_report.sheet_rows(
        planes(8, 10), planes(16, 100), decisions
    )
    assert len(rows) == 6
    levels = [picture[0, 0, 0] for picture in rows[1]]
    assert levels[:4] == [0, 11, 102, 103] and len(levels) == 5
    # In the overlay of the second map's first sample: nobody asked for it.
    assert tuple(rows[1][4][3, 3]) == (40, 90, 255)
    fundus = rows[0][1] / np.float32(127.5) - 1
    style = StylePhotograph("x", fundus, fov_mask=None, vessel_map=None)
    many = generator_report.sheet_rows(
        planes(2, 10),
        planes(16, 100),
        decisions=decisions,
        style=style,
    )
    assert [len(row) for row in many] == [7, 7, 1]
    assert many[1][2][0, 0, 0] == 108


def test_a_report_is_complete(tmp_path):
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 255
    folder = tmp_path / "report"
    text = generator_report.write_report(make_result(), [[red]], folder)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["contact_sheet.png", "metrics.json", "table.txt"]
    assert (folder / "table.txt").read_text("utf-8") == text
    saved = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert saved == make_result()
    sheet = cv2.imread(str(folder / "contact_sheet.png"))[..., ::-1]
    np.testing.assert_array_equal(sheet, red)


def test_a_failed_report_leaves_no_metrics(tmp_path):
    red = np.zeros((4, 4, 3), np.uint8)
    generator_report.write_report(make_result(), [[red]], tmp_path)
    broken = make_result(reference=float("nan"))
    with pytest.raises(ValueError, match="not JSON compliant"):
        generator_report.write_report(broken, [[red]], tmp_path)
    assert not (tmp_path / "metrics.json").exists()
