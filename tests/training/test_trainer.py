"""The loop in this process: what it writes, refuses and stops for."""

import dataclasses
import json

import cv2
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing import event_accumulator

from migan_tf.base.errors import UserError
from migan_tf.phantom.retina import phantom_retina
from migan_tf.training import trainer

TASKS = ("segmentation", "synthesis")


def rows(folder):
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def run(config, workdir, **settings):
    settings = {"synthesis_steps": 3, "segmentation_steps": 3, **settings}
    return trainer.train(
        dataclasses.replace(config, workdir=str(workdir), **settings)
    )


@pytest.mark.parametrize("task", TASKS)
def test_a_run_leaves_all_that_is_promised(tiny_run, task):
    folder = tiny_run / task
    assert {path.name for path in folder.iterdir()} == {
        "best",
        "checkpoints",
        "metrics.jsonl",
        "pictures",
        "run.flags",
        "run.json",
        "tensorboard",
    }
    start = json.loads((folder / "run.json").read_text())["starts"][0]
    assert start["versions"]["tensorflow"] == tf.__version__
    assert {"commit", "command", "devices", "machine", "time"} <= start.keys()


def test_every_step_is_logged_with_the_terms_of_its_task(tiny_run):
    common = {
        "adversarial_loss",
        "loss",
        "gradient_norm",
        "d_loss",
        "d_real_probability",
        "d_fake_probability",
        "d_gradient_norm",
        "learning_rate",
        "images_per_second",
    }
    terms = {"segmentation": "segmentation_loss", "synthesis": "deviation_loss"}
    for task, steps in (("segmentation", 12), ("synthesis", 4)):
        logged = [row for row in rows(tiny_run / task) if "loss" in row]
        assert [row["step"] for row in logged] == list(range(1, steps + 1))
        weighted = {f"weighted/{n}" for n in ("adversarial_loss", terms[task])}
        expected = common | weighted | {terms[task], "step"}
        assert expected == logged[0].keys()


def test_the_logged_loss_is_the_weighted_sum(tiny_run):
    for row in rows(tiny_run / "synthesis"):
        if "loss" in row:  # Eq. 3 with the paper's weight of 10.
            expected = row["adversarial_loss"] + 10 * row["deviation_loss"]
            assert row["loss"] == pytest.approx(expected, rel=1e-5)


def test_tensorboard_has_scalars_pictures_and_flags(tiny_run):
    events = event_accumulator.EventAccumulator(
        str(tiny_run / "segmentation" / "tensorboard")
    ).Reload()
    tags = set(events.Tags()["tensors"])
    assert {"flags", "d_loss", "overlay", "precision_recall"} <= tags
    assert "validation/auc_roc" in tags


def test_best_is_the_least_validation_loss(tiny_run):
    for task in TASKS:
        losses = {
            row["step"]: row["validation/validation_loss"]
            for row in rows(tiny_run / task)
            if "validation/validation_loss" in row
        }
        best = tiny_run / task / "best" / "validation.json"
        assert json.loads(best.read_text())["step"] == min(
            losses, key=losses.get
        )


def test_a_finished_run_is_not_trained_again(tiny_config, tmp_path):
    assert run(tiny_config, tmp_path, task="synthesis") == 0
    before = (tmp_path / "synthesis" / "metrics.jsonl").read_text()
    assert run(tiny_config, tmp_path, task="synthesis") == 0
    assert (tmp_path / "synthesis" / "metrics.jsonl").read_text() == before


def test_a_run_of_other_flags_is_refused_in_words(tiny_config, tmp_path):
    run(tiny_config, tmp_path, task="synthesis")
    with pytest.raises(UserError, match="--base_filters=8 .the run has 4"):
        run(tiny_config, tmp_path, task="synthesis", base_filters=8)


def test_dry_run_writes_nothing(tiny_config, tmp_path):
    assert run(tiny_config, tmp_path / "new", dry_run=True) == 0
    assert not (tmp_path / "new").exists()


def test_nan_stops_the_run_and_keeps_the_checkpoint(tiny_config, tmp_path):
    settings = dict(task="synthesis", checkpoint_every=1)
    run(tiny_config, tmp_path, synthesis_steps=2, **settings)
    bad = np.float32("nan")
    path = tf.train.latest_checkpoint(tmp_path / "synthesis" / "checkpoints")
    with pytest.raises(UserError, match="loss is nan.*checkpoint before it"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                "migan_tf.models.losses.deviation_loss",
                lambda *_: tf.constant(bad),
            )
            run(tiny_config, tmp_path, synthesis_steps=5, **settings)
    newest = tf.train.latest_checkpoint(tmp_path / "synthesis" / "checkpoints")
    assert newest == path


def test_without_a_discriminator_there_is_no_adversarial_term(
    tiny_config, tmp_path
):
    run(tiny_config, tmp_path, task="segmentation", discriminator="none")
    row = rows(tmp_path / "segmentation")[0]
    assert not [name for name in row if "adversarial" in name or "d_" in name]


def test_the_papers_split_validates_on_rotated_copies(tiny_config, tmp_path):
    settings = dict(validation_split="augmented", validation_images=2)
    assert run(tiny_config, tmp_path, task="segmentation", **settings) == 0
    assert "validation/dice_otsu" in rows(tmp_path / "segmentation")[-1]


def test_a_style_run_leaves_its_terms_and_says_what_is_random(
    tiny_config, tiny_run, tmp_path
):
    folder = tmp_path / "synthesis"
    settings = dict(
        task="synthesis",
        deviation="style",
        style_image=str(style_photograph(tmp_path)),
        vgg19_weights="random",
        segmenter_model=str(tiny_run / "segmentation"),
        validate_every=2,
    )
    assert run(tiny_config, tmp_path, **settings) == 0
    logged = [row for row in rows(folder) if "loss" in row]
    names = "segmentation", "style", "content", "total_variation"
    terms = [f"{name}_loss" for name in names] + ["adversarial_loss"]
    for row in logged:
        assert "deviation_loss" not in row
        total = sum(row[f"weighted/{name}"] for name in terms)
        assert row["loss"] == pytest.approx(total, rel=1e-4)
        weighted = row["weighted/total_variation_loss"]
        assert weighted == pytest.approx(100 * row["total_variation_loss"])
    validated = [row for row in rows(folder) if "validation/style_leak" in row]
    shares = [validated[0][f"validation/gradient_share/{n}"] for n in terms]
    assert sum(shares) == pytest.approx(1, abs=1e-4)
    pictures = [path.name for path in (folder / "pictures").iterdir()]
    assert pictures and all("random_vgg19" in name for name in pictures)
    assert run(tiny_config, tmp_path, **settings) == 0  # all is done


def style_photograph(folder):
    path = folder / "style.png"
    fundus = phantom_retina(90, 90, 8).fundus
    cv2.imwrite(str(path), fundus[..., ::-1])
    return path
