import csv
import io

import numpy as np
import pytest

from migan_tf.evaluation import report
from migan_tf.metrics import assessment


@pytest.fixture(scope="module")
def scores():
    rng = np.random.default_rng(0)
    pixels = {}
    for name in ("01_test", "02_test"):
        probability = rng.random(500).astype(np.float32)
        pixels[name] = rng.random(500) < probability, probability
    annotators = {k: (t, p > 0.4) for k, (t, p) in pixels.items()}
    return {
        "protocol": "paper",
        "protocol_in_words": "pixels inside the FOV",
        "images": 2,
        "pixels": 1000,
        "vessel_pixels": 480,
        **assessment.assess(pixels, 0.5, samples=20, seed=0),
        "second_annotator": None,
        "human": assessment.assess_human(annotators, 20, 0),
        "warnings": ["something looks odd", "another " * 20],
    }


def test_the_table_says_what_each_figure_is(scores):
    lines = report.table(scores).splitlines()
    assert lines[0] == "protocol paper: pixels inside the FOV"
    text = "\n".join(lines)
    for words in (
        "Otsu (headline)",
        "from validation",
        "best on test (*)",
        "(*) uses test labels",
        "warning: something looks odd",
        "2nd vs 1st",
    ):
        assert words in text
    assert max(map(len, lines)) <= 80
    pooled = next(line for line in lines if line.startswith("pooled"))
    figures = scores["pooled"]
    low, high = scores["interval_95"]["pooled"]["dice_otsu"]
    assert f" {figures['dice_otsu']:.4f} [{low:.3f}, {high:.3f}] " in pooled
    assert f" {figures['dice_best_on_test']:.4f} " in pooled


def test_what_is_missing_is_said(scores):
    pooled = {**scores["pooled"], "dice_validation_threshold": None}
    bare = {**scores, "pooled": pooled, "human": None, "warnings": []}
    bare["second_annotator"] = {
        "pooled": pooled,
        "interval_95": {"pooled": {}},
    }
    text = report.table(bare)
    assert "none given" in text and "2nd is truth" in text
    assert "2nd vs 1st" not in text and "warning" not in text


def test_csv_holds_a_row_for_each_image(scores):
    rows = list(csv.DictReader(io.StringIO(report.csv_text(scores))))
    assert [row["image_id"] for row in rows] == ["01_test", "02_test"]
    expected = scores["per_image"]["images"][1]["auc_pr"]
    assert float(rows[1]["auc_pr"]) == expected
