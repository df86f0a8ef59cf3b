"""The report of a result that is made up."""

import json

import cv2
import numpy as np
import pytest

from migan_tf.data.style_photograph import StylePhotograph
from migan_tf.evaluation import generator_report
from migan_tf.evaluation.generator_scores import FundusImages
from tests.evaluation.made_result import make_result


def planes(count, level):
    shape = (count, 8, 8)
    names = [f"{level}_{i}" for i in range(count)]
    return FundusImages(
        names,
        names,
        fundus=np.stack(
            [np.full((8, 8, 3), level + i, np.uint8) for i in range(count)]
        ),
        fov_mask=np.ones(shape, bool),
        vessel_map=np.zeros(shape, bool),
        levels=None,
        features={},
        patches=[],
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
