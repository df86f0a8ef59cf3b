"""The whole score, on made and on published probability maps."""

import csv
import dataclasses
import gc
import io
import json
import weakref

import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure

from migan_tf.base.errors import UserError
from migan_tf.evaluation import predictions, report, tallies
from migan_tf.evaluation import report as evaluation_report
from migan_tf.evaluation.scored_image import ScoredImage
from migan_tf.metrics import assessment, segmentation
from migan_tf.metrics.tally import tally

SHAPE = (60, 70)


def make_image(number, second=True, outside=0.0):
    """Round FOV, two bars of vessel, a noisy map of them."""
    rng = np.random.default_rng(number)
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    fov_mask = (rows - 30) ** 2 + (columns - 35) ** 2 < 29**2
    vessel_map = np.zeros(SHAPE, bool)
    vessel_map[20:23, 10:60] = vessel_map[10:50, 33 + number] = True
    vessel_map &= fov_mask
    logits = rng.normal(np.where(vessel_map, 1.5, -1.5), 1)
    probability = np.where(fov_mask, 1 / (1 + np.exp(-logits)), outside)
    annotator = vessel_map.copy()
    annotator[20, :] = False
    return ScoredImage(
        image_id=f"{number:02d}_test",
        vessel_probability=probability.astype(np.float32),
        vessel_map=vessel_map,
        fov_mask=fov_mask,
        second_annotator=annotator if second else None,
        fundus=np.full((*SHAPE, 3), 90, np.uint8),
    )


def write(images, folder, **given):
    """Scores and writes; returns the scores and the table."""
    found = tallies.of(images)
    scores = evaluation_report.scores_of(found, **given)
    table = evaluation_report.write_report(
        images, scores, curves=found.curves(), output_dir=folder
    )
    return scores, table


@pytest.fixture(scope="module")
def images():
    return [make_image(number) for number in range(3)]


def test_score_holds_what_is_promised(images):
    scores = evaluation_report.score(
        images, "paper", validation_threshold=0.5, bootstrap_samples=50
    )
    assert json.loads(json.dumps(scores)) == scores
    assert scores["images"] == 3
    assert scores["pixels"] == sum(i.fov_mask.sum() for i in images)
    assert scores["protocol_in_words"].startswith("pixels inside the FOV")
    assert scores["thresholds"]["validation"] == 0.5
    truth = np.concatenate([i.vessel_map[i.fov_mask] for i in images])
    second = np.concatenate([i.second_annotator[i.fov_mask] for i in images])
    probability = np.concatenate(
        [i.vessel_probability[i.fov_mask] for i in images]
    )
    assert scores["pooled"]["auc_roc"] == pytest.approx(
        segmentation.auc_roc(truth, probability), abs=5e-5
    )
    assert scores["second_annotator"]["pooled"]["auc_roc"] == pytest.approx(
        segmentation.auc_roc(second, probability), abs=5e-5
    )
    assert scores["human"]["dice"] == pytest.approx(
        segmentation.dice(truth, second)
    )
    assert scores["warnings"] == []


def test_score_is_repeatable(images):
    assert evaluation_report.score(
        images, bootstrap_samples=30
    ) == evaluation_report.score(images, bootstrap_samples=30)


def test_protocols_differ_as_they_say():
    images = [make_image(number, outside=0.9) for number in range(2)]
    areas = {
        protocol: evaluation_report.score(
            images, protocol, validation_threshold=None, bootstrap_samples=0
        )["pooled"]
        for protocol in evaluation_report.PROTOCOLS
    }
    # The black surround is easy where it is set to 0, wrong where it is 0.9.
    assert areas["masked_frame"]["auc_roc"] > areas["paper"]["auc_roc"]
    assert areas["full_frame"]["auc_roc"] < areas["paper"]["auc_roc"]


def test_a_second_annotator_of_some_images_only(images):
    mixed = [images[0], make_image(1, second=False), images[2]]
    scores = evaluation_report.score(mixed, bootstrap_samples=0)
    assert scores["second_annotator"]["images"] == 2
    assert scores["human"]["images"] == 2
    none = [make_image(number, second=False) for number in range(2)]
    scores = evaluation_report.score(none, bootstrap_samples=0)
    assert scores["second_annotator"] is scores["human"] is None


def test_images_are_looked_at_one_at_a_time(images):
    """What was looked at is gone: the next one finds no other in memory."""
    alive = []

    def passing():
        for number in range(3):
            image = make_image(number)
            alive.append(weakref.ref(image))
            assert sum(one() is not None for one in alive) <= 2
            yield image
            del image
            gc.collect()

    scores = evaluation_report.score(passing(), bootstrap_samples=0)
    expected = evaluation_report.score(images, bootstrap_samples=0)
    assert scores == expected


def test_the_drawn_curves_are_those_of_the_pixels(
    images, tmp_path, monkeypatch
):
    drawn = {}

    def figure(curves, *_):
        drawn.update(curves)
        return Figure()

    monkeypatch.setattr(report.figures, "roc_figure", figure)
    black = np.zeros((4, 4, 3), np.uint8)
    monkeypatch.setattr(report.figures, "picture_of", lambda _: black)
    scores, _ = write(images, tmp_path, bootstrap_samples=0)
    roles = {"first": "vessel_map", "second": "second_annotator"}
    for name, role in roles.items():
        truth = [getattr(i, role)[i.fov_mask] for i in images]
        part = scores if name == "first" else scores["second_annotator"]
        area = part["pooled"]["auc_roc"]
        curve = drawn[f"against the {name} annotator: {area:.4f}"]
        vessels = np.concatenate(truth).sum()
        assert curve[1].sum() == vessels
        assert curve[0].sum() == scores["pixels"] - vessels


def test_no_figures_without_labels(images):
    bare = dataclasses.replace(images[0], vessel_map=None)
    with pytest.raises(UserError, match="00_test, which has no vessel map"):
        evaluation_report.score([bare])


def test_a_report_is_complete_and_readable(images, tmp_path):
    scores, table = write(images, tmp_path / "report", bootstrap_samples=20)
    written = {
        p.relative_to(tmp_path / "report").as_posix()
        for p in (tmp_path / "report").rglob("*")
        if p.is_file()
    }
    assert written == {
        "metrics.json",
        "per_image.csv",
        "table.txt",
        "roc_curve.png",
        "precision_recall_curve.png",
        *(f"overlays/{image.image_id}.png" for image in images),
    }
    report = tmp_path / "report"
    assert json.loads((report / "metrics.json").read_text("utf-8")) == scores
    assert (report / "table.txt").read_text("utf-8") == table
    overlay = cv2.imread(str(report / "overlays" / "00_test.png"))[..., ::-1]
    image = images[0]
    found = image.vessel_probability >= scores["thresholds"]["otsu"]
    green = (overlay[..., 1] > 150) & (overlay[..., 0] < 100)
    np.testing.assert_array_equal(
        green, image.vessel_map & found & image.fov_mask
    )


def test_a_failed_report_leaves_no_metrics(images, tmp_path, monkeypatch):
    write(images, tmp_path, bootstrap_samples=0)

    def fail(_):
        raise OSError("disk full")

    monkeypatch.setattr(evaluation_report, "csv_text", fail)
    with pytest.raises(OSError, match="disk full"):
        write(images, tmp_path, bootstrap_samples=0)
    assert not (tmp_path / "metrics.json").exists()
    assert not [p for p in tmp_path.rglob(".*")]


def test_image_ids_make_safe_file_names(images, tmp_path):
    odd = [dataclasses.replace(images[0], image_id="../a b/c")]
    write(odd, tmp_path / "report", bootstrap_samples=0)
    assert (tmp_path / "report/overlays/.._a_b_c.png").exists()


# AUC-ROC, AUC-PR, Dice at Otsu, Dice best on test and the second annotator's
# Dice of DRIU's published maps (Maninis et al. 2016), FOV pixels pooled.
PUBLISHED = {
    "DRIVE": (0.9793, 0.9064, 0.7262, 0.8210, 0.7891),
    "STARE": (0.9772, 0.9101, 0.7560, 0.8323, 0.7605),
}


@pytest.mark.real_data
@pytest.mark.parametrize("dataset", PUBLISHED)
def test_published_figures_to_four_decimals(real_data, dataset):
    folder = real_data / dataset
    references = {
        "DRIVE": ("test/1st_manual", "test/mask", "test/2nd_manual"),
        "STARE": ("labels-ah.tar", "fov_masks", "labels-vk.tar"),
    }[dataset]
    images = predictions.read_scored(
        real_data / "published" / dataset / "DRIU",
        *(folder / place for place in references),
        subset=True,
    )
    scores = evaluation_report.score(images)
    pooled = scores["pooled"]
    found = (
        *(pooled[key] for key in ("auc_roc", "auc_pr", "dice_otsu")),
        pooled["dice_best_on_test"],
        scores["human"]["dice"],
    )
    assert tuple(round(figure, 4) for figure in found) == PUBLISHED[dataset]
    for part, interval in scores["interval_95"].items():
        for key in ("auc_roc", "auc_pr", "dice_otsu", "dice_best_on_test"):
            assert interval[key][0] < scores[part][key] < interval[key][1]
    assert scores["warnings"] == []


@pytest.fixture(scope="module")
def scores():
    rng = np.random.default_rng(0)
    pixels = {}
    for name in ("01_test", "02_test"):
        probability = rng.random(500).astype(np.float32)
        pixels[name] = rng.random(500) < probability, probability
    tallies = {name: tally(*one, 0.5) for name, one in pixels.items()}
    human = [segmentation.count(t, p > 0.4) for t, p in pixels.values()]
    return {
        "protocol": "paper",
        "protocol_in_words": "pixels inside the FOV",
        "images": 2,
        "pixels": 1000,
        "vessel_pixels": 480,
        **assessment.assess(tallies, 0.5, samples=20, seed=0),
        "second_annotator": None,
        "human": assessment.assess_human(human, 20, 0),
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
