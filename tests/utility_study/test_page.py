"""The report as a page, a plot and plain values."""

import json

import cv2

from migan_tf.utility_study import page

# Of two numbers of photographs and one seed; only what the page reads.
REPORT = {
    "dataset": "drive",
    "seeds": [0],
    "pairs": 50,
    "images": ["01", "02", "03", "04"],
    "arms": {"real": "real only", "synthetic": "synthetic only"},
    "means": {
        n: {
            arm: {"auc_pr": v, "dice_otsu": v - 0.1, "auc_roc": v + 0.1}
            for arm, v in (("real", 0.8), ("synthetic", 0.75))
        }
        for n in ("2", "19")
    },
    "comparisons": [
        {
            "real": n,
            "arm": "synthetic",
            "difference": -0.05,
            "images_better": 0,
            "p": 0.125,
            "p_holm": 0.25,
            "verdict": "no evidence",
        }
        for n in (2, 19)
    ],
    "least_p_holm": 0.25,
    "generator": None,
    "tstr": [
        {
            "real": n,
            "photographs": 0.8,
            "painted": 0.75,
            "gap": 0.05,
            "by_seed": [
                {"seed": 0, "photographs": 0.8, "painted": 0.75, "gap": 0.05}
            ],
            "gap_by_image": 0.0432,
            "p": 0.125,
            "p_holm": 0.25,
            "verdict": "no evidence",
        }
        for n in (2, 19)
    ],
    "pools": [
        {
            "real": 2,
            "seed": 0,
            "pairs": 49,
            "images_made": 54,
            "refused": {"blank": 0, "vessels": 4, "copy": 1},
            "consistency": {"median": 0.6789},
        },
        {
            "real": 19,
            "seed": 0,
            "pairs": 0,
            "images_made": 250,
            "refused": {"vessels": 250},
            "consistency": None,
        },
    ],
    "runs": [
        {"real": n, "arm": arm, "pooled": {"auc_pr": 0.8}}
        for n in (2, 19)
        for arm in ("real", "synthetic")
    ],
}


def test_the_page_has_rows_of_n_and_columns_of_arms():
    lines = page.page(REPORT).splitlines()
    start = lines.index("## AUC-PR")
    assert lines[start + 1 : start + 5] == [
        "| n | real only | synthetic only |",
        "|---|---|---|",
        "| 2 | 0.8000 | 0.7500 (-0.0500) |",
        "| 19 | 0.8000 | 0.7500 (-0.0500) |",
    ]
    assert "| 2 | 0.7000 | 0.6500 (-0.0500) |" in lines
    verdict = "| 19 | synthetic only | -0.0500 | 0 of 4 | 0.12 | 0.25 | "
    assert verdict + "**no evidence** |" in lines
    assert "| 2 | 0 | 49 | 54 | vessels 4, copy 1 | 0.679 |" in lines
    assert "| 19 | 0 | 0 | 250 | vessels 250 | nan |" in lines
    text = " ".join(lines)
    assert "1 seed of the figure" in text and "4 test images" in text
    assert "**4 test images are too few for any verdict**" in text


def test_the_tstr_gap_is_said_in_one_line():
    lines = page.page(REPORT).splitlines()
    assert "| 19 | 0 | 0.8000 | 0.7500 | +0.0500 |" in lines
    assert "| 19 | mean | 0.8000 | 0.7500 | +0.0500 |" in lines
    (said,) = [line for line in lines if "TSTR gap, n = 19" in line]
    assert "+0.0500 AUC-PR" in said and "1 seed: +0.0500" in said
    assert "no evidence that painted pairs alone are worse" in said
    assert "image by image +0.0432" in said and "p 0.25 after Holm" in said
    worse = [{**row, "verdict": "hurts"} for row in REPORT["tstr"]]
    text = page.page({**REPORT, "tstr": worse})
    assert "painted pairs alone are worse than photographs alone" in text


def test_a_given_generator_is_named_and_what_it_brings_along():
    assert "a generator that saw those n only" in page.page(REPORT)
    described = {
        "model": "migan_synthesis",
        "version": 4,
        "weights_sha256": "0123456789abcdef",
        "folder": "models/migan_synthesis/4",
        "learned_from": ["21", "22", "23"],
        "outside": [{"real": 2, "seed": 0, "images": ["23"]}],
    }
    text = page.page({**REPORT, "generator": described})
    assert "saw those n only" not in text
    assert "migan_synthesis, version 4, weights 0123456789ab" in text
    assert "`models/migan_synthesis/4`" in text
    assert "learned from 3 photographs" in text
    assert "**Bear in mind**" in text and "n = 2, seed 0: 1 (23)" in text
    described["outside"] = []
    text = page.page({**REPORT, "generator": described})
    assert "Bear in mind" not in text
    described["learned_from"] = None
    text = page.page({**REPORT, "generator": described})
    assert "There is no record of the photographs" in text


def test_enough_images_are_not_called_too_few():
    report = {**REPORT, "least_p_holm": 0.01, "seeds": [0, 1]}
    text = page.page(report)
    assert "too few" not in text and "2 seeds of the figure" in text


def test_files_are_written(tmp_path):
    text = page.write(REPORT, tmp_path)
    assert (tmp_path / "utility.md").read_text() == text
    assert json.loads((tmp_path / "utility.json").read_text()) == REPORT
    assert cv2.imread(str(tmp_path / "utility.png")).shape == (440, 640, 3)
