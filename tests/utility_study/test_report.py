"""Verdicts of hand-made scores whose differences are known."""

import json

import numpy as np
import pytest

from migan_tf.base import run_record
from migan_tf.base.config import Config
from migan_tf.base.errors import UserError
from migan_tf.utility_study import plan, report
from tests.utility_study.test_flags import settings

IMAGES = 10
# How much better than real only each image is, by arm.
SHIFTS = {
    "real": np.zeros(IMAGES),
    "synthetic": np.full(IMAGES, -0.05),
    "real_1x": np.linspace(-0.02, 0.02, IMAGES),
    "real_4x": np.linspace(0.01, 0.03, IMAGES),
}


def write_run(folder, task="segmentation", **flags):
    config = Config(workdir=str(folder), **flags)
    run_record.write(folder / task, config, [])


def write_pool(cell):
    """All pairs of a cell but one were let through."""
    cell.pool.mkdir(parents=True)
    summary = {
        "pairs": 99,
        "images_made": 103,
        "refused": {"blank": 0, "vessels": 4},
        "consistency": {"median": 0.75},
    }
    (cell.pool / "summary.json").write_text(json.dumps(summary))


def write_score(path, base, shifts, count=IMAGES):
    rows = [
        {"image_id": f"{n:02d}_test", "auc_pr": base + 0.01 * n + shifts[n]}
        for n in range(count)
    ]
    pooled = {name: base + float(shifts.mean()) for name in report.FIGURES}
    path.parent.mkdir(parents=True)
    path.write_text(
        json.dumps({"pooled": pooled, "per_image": {"images": rows}})
    )


@pytest.fixture
def planned(tmp_path):
    """Two numbers of photographs, two seeds, all scored."""
    given = settings(output=str(tmp_path), real=["2", "5"])
    cells = plan.make(given, 20, IMAGES)
    for cell in cells:
        write_pool(cell)
        write_run(cell.folder / "generator", "synthesis", seed=cell.seed)
        for arm in cell.arms:
            # The seeds differ by ±0.01, which their mean takes away again.
            shifts = SHIFTS[arm.name] + (0.01 if cell.seed else -0.01) * (
                arm.name == "real_4x"
            )
            write_run(cell.folder / arm.name, seed=cell.seed)
            write_score(cell.metrics(arm), 0.7 + cell.real / 100, shifts)
    return given, cells


def test_verdicts_of_known_differences(planned):
    found = report.make(*planned)
    assert [(c["real"], c["arm"]) for c in found["comparisons"]] == [
        (n, arm) for n in (2, 5) for arm in ("synthetic", "real_1x", "real_4x")
    ]
    synthetic, once, four_times = found["comparisons"][:3]
    assert synthetic["difference"] == pytest.approx(-0.05)
    assert four_times["difference"] == pytest.approx(0.02)
    assert four_times["by_seed"] == pytest.approx([0.01, 0.03])
    # All ten of one sign: two of 1,024 patterns, and four such comparisons
    # are the first of six: 6/512 at most by Holm.
    assert synthetic["p"] == four_times["p"] == 2 / 1024
    assert synthetic["p_holm"] == pytest.approx(6 / 512)
    assert once["p"] == once["p_holm"] == 1
    assert [c["verdict"] for c in found["comparisons"]] == [
        "hurts",
        "no evidence",
        "helps",
    ] * 2
    assert (once["images_better"], four_times["images_better"]) == (5, 10)
    assert found["least_p_holm"] == pytest.approx(6 / 512)


def test_the_tstr_gap_is_that_of_photographs_less_painted(planned):
    given, cells = planned
    # Of one of two seeds of n = 2 pairs alone are 0.03 better, all images.
    path = cells[1].metrics(cells[1].arms[1])
    path.unlink()
    path.parent.rmdir()
    write_score(path, 0.72, np.full(IMAGES, 0.03))
    two, five = report.make(given, cells)["tstr"]
    assert (two["real"], five["real"]) == (2, 5)
    assert [row["seed"] for row in two["by_seed"]] == [0, 1]
    gaps = [row["gap"] for row in two["by_seed"]]
    assert gaps == pytest.approx([0.05, -0.03])
    assert two["photographs"] == pytest.approx(0.72)
    assert two["painted"] == pytest.approx((0.67 + 0.75) / 2)
    assert two["gap"] == two["gap_by_image"] == pytest.approx(0.01)
    assert five["gap"] == five["gap_by_image"] == pytest.approx(0.05)
    # Ten images of one sign, the first of six comparisons.
    assert five["p"] == 2 / 1024
    assert five["p_holm"] == pytest.approx(6 / 512)
    assert five["verdict"] == "hurts"


def test_means_are_those_over_the_seeds(planned):
    found = report.make(*planned)
    assert list(found["means"]) == ["2", "5"]
    assert found["means"]["5"]["real"]["auc_pr"] == pytest.approx(0.75)
    four_times = found["means"]["2"]["real_4x"]
    assert four_times == pytest.approx(
        dict.fromkeys(("auc_pr", "dice_otsu", "auc_roc"), 0.74)
    )
    assert len(found["runs"]) == 2 * 2 * 4
    row = found["runs"][0]
    assert (row["real"], row["seed"], row["arm"]) == (2, 0, "real")
    assert row["metrics"] == "n2_seed0/real/evaluation/test/metrics.json"


def test_pools_are_told_as_they_came_out(planned):
    pools = report.make(*planned)["pools"]
    assert [(p["real"], p["seed"]) for p in pools] == [
        (2, 0),
        (2, 1),
        (5, 0),
        (5, 1),
    ]
    assert pools[0]["pairs"] == 99 and pools[0]["refused"]["vessels"] == 4


def test_a_score_that_is_not_there_is_said(planned):
    given, cells = planned
    path = cells[1].metrics(cells[1].arms[2])
    path.write_text("{")
    with pytest.raises(UserError, match="real_1x.* must hold the score"):
        report.make(given, cells)
    path.unlink()
    with pytest.raises(UserError, match=str(path)):
        report.make(given, cells)


def test_scores_of_other_images_are_refused(planned):
    given, cells = planned
    path = cells[0].metrics(cells[0].arms[1])
    path.unlink()
    path.parent.rmdir()
    write_score(path, 0.7, SHIFTS["real"], IMAGES - 1)
    with pytest.raises(UserError, match="the same images.*synthetic"):
        report.make(given, cells)


def test_generators_of_other_flags_are_refused(planned):
    given, cells = planned
    folder = cells[3].folder / "generator"
    (folder / "synthesis" / "run.json").unlink()
    write_run(folder, "synthesis", seed=1, base_filters=8)
    with pytest.raises(UserError, match="--base_filters=64 and, in"):
        report.make(given, cells)


def test_a_given_generator_has_no_runs_in_the_cells(planned):
    given, cells = planned
    for cell in cells:
        (cell.folder / "generator" / "synthesis" / "run.json").unlink()
    with pytest.raises(UserError, match="synthesis/run.json"):
        report.make(given, cells)
    described = {"model": "painter"}
    assert report.make(given, cells, described)["generator"] == described


def test_arms_of_other_flags_are_refused(planned):
    given, cells = planned
    folder = cells[1].folder / "real_1x"
    (folder / "segmentation" / "run.json").unlink()
    write_run(folder, seed=1, learning_rate=0.5)
    with pytest.raises(UserError) as caught:
        report.make(given, cells)
    text = str(caught.value)
    assert "--learning_rate=0.0002 and, in" in text
    assert f"{folder}, --learning_rate=0.5. Remove" in text


@pytest.mark.parametrize(
    ("difference", "p", "words"),
    [
        (0.1, 0.049, "helps"),
        (-0.1, 0.049, "hurts"),
        (0.1, 0.05, "no evidence"),
        (-0.1, 1.0, "no evidence"),
        (0.0, 0.01, "no evidence"),
    ],
)
def test_words_of_a_verdict(difference, p, words):
    assert report.verdict(difference, p) == words
