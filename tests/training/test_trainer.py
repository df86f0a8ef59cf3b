"""The loop in this process: what it writes, refuses and stops for."""

import dataclasses
import json
import re
import shutil

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


@pytest.fixture
def finished(tiny_run, tmp_path):
    """A copy of the tiny run, whose synthesis is at step 4."""
    return shutil.copytree(tiny_run, tmp_path / "finished")


def test_a_finished_run_is_not_trained_again(tiny_config, finished):
    log = finished / "synthesis" / "metrics.jsonl"
    before = log.read_text()
    status = run(tiny_config, finished, task="synthesis", synthesis_steps=4)
    assert status == 0
    assert log.read_text() == before


def test_a_run_of_other_flags_is_refused_in_words(tiny_config, finished):
    with pytest.raises(UserError, match="--base_filters=8 .the run has 4"):
        settings = dict(task="synthesis", synthesis_steps=4, base_filters=8)
        run(tiny_config, finished, **settings)


@pytest.mark.slow
def test_nan_stops_the_run_and_keeps_the_checkpoint(
    tiny_config, finished, monkeypatch
):
    folder = finished / "synthesis" / "checkpoints"
    newest = tf.train.latest_checkpoint(folder)
    assert newest.endswith("ckpt-4")
    monkeypatch.setattr(
        "migan_tf.models.losses.deviation_loss",
        lambda *_: tf.constant(np.float32("nan")),
    )
    settings = dict(task="synthesis", synthesis_steps=6, checkpoint_every=1)
    with pytest.raises(UserError, match="loss is nan.*checkpoint before it"):
        run(tiny_config, finished, **settings)
    assert tf.train.latest_checkpoint(folder) == newest


@pytest.mark.slow
def test_dry_run_leaves_nothing_and_says_how_long(
    tiny_config, tmp_path, caplog
):
    caplog.set_level("INFO", logger="absl")
    data = str(tmp_path / "data")  # where no dataset is prepared yet
    config = dataclasses.replace(tiny_config, dry_run=True, data_dir=data)
    long = {"segmentation_steps": 600, "synthesis_steps": 600}
    assert run(config, tmp_path / "new", **long) == 0
    assert not any(tmp_path.iterdir())
    for task in tiny_config.tasks():
        found = re.search(
            rf"{task}: an iteration takes ([\d.]+) s here, all of them "
            r"([\d.,]+) min",
            caplog.text,
        )
        each, minutes = map(float, found.groups())
        assert minutes == pytest.approx(each * 600 / 60, rel=0.05, abs=0.1)


@pytest.mark.slow
def test_the_papers_split_without_a_discriminator(tiny_config, tmp_path):
    settings = dict(
        task="segmentation",
        discriminator="none",
        validation_split="augmented",
        validation_images=2,
    )
    assert run(tiny_config, tmp_path, **settings) == 0
    logged = rows(tmp_path / "segmentation")
    # Validation is on rotated copies.
    assert "validation/dice_otsu" in logged[-1]
    assert not [name for name in logged[0] if "adversarial" in name]
    assert not [name for name in logged[0] if name.startswith("d_")]


@pytest.fixture
def styled(tiny_config, tmp_path):
    """The runs of two styles with one segmentation, as the flags give them."""
    styles = []
    for seed in (8, 9):
        styles.append(tmp_path / f"eye{seed}.png")
        fundus = phantom_retina(90, 90, seed).fundus
        cv2.imwrite(str(styles[-1]), fundus[..., ::-1])
    folder = tmp_path / "run"
    config = dataclasses.replace(
        tiny_config,
        workdir=str(folder),
        deviation="style",
        vgg19_weights="random",
        style_layers="block1_conv1",
        content_layer="block1_conv1",
        segmentation_steps=2,
        synthesis_steps=2,
        validate_every=2,
    )
    synthesis = dataclasses.replace(
        config, task="synthesis", segmenter_model=str(folder / "segmentation")
    )
    return [
        dataclasses.replace(config, task="segmentation"),
        *(
            dataclasses.replace(
                synthesis,
                workdir=str(folder / path.stem),
                style_image=str(path),
            )
            for path in styles
        ),
    ]


@pytest.mark.slow
def test_each_style_gets_a_generator_and_all_share_a_segmenter(
    styled, tmp_path
):
    assert trainer.train(*styled) == 0
    folder = tmp_path / "run"
    found = sorted(p.relative_to(folder) for p in folder.rglob("best"))
    assert [path.as_posix() for path in found] == [
        "eye8/synthesis/best",
        "eye9/synthesis/best",
        "segmentation/best",
    ]
    for seed in (8, 9):
        record = folder / f"eye{seed}" / "synthesis" / "run.json"
        config = json.loads(record.read_text())["config"]
        assert config["style_image"] == str(tmp_path / f"eye{seed}.png")
        assert config["segmenter_model"] == str(folder / "segmentation")
        check_style_terms(folder / f"eye{seed}" / "synthesis")
    # The same command again has nothing left to do.
    assert trainer.train(*styled) == 0


def check_style_terms(folder):
    """Eq. 12 in the rows, and random weights in the names of the pictures."""
    names = "segmentation", "style", "content", "total_variation"
    terms = [f"{name}_loss" for name in names] + ["adversarial_loss"]
    logged = rows(folder)
    for row in logged:
        if "loss" not in row:
            continue
        assert "deviation_loss" not in row
        total = sum(row[f"weighted/{name}"] for name in terms)
        assert row["loss"] == pytest.approx(total, rel=1e-4)
        weighted = row["weighted/total_variation_loss"]
        assert weighted == pytest.approx(100 * row["total_variation_loss"])
    (validated,) = [row for row in logged if "validation/style_leak" in row]
    shares = [validated[f"validation/gradient_share/{name}"] for name in terms]
    assert sum(shares) == pytest.approx(1, abs=1e-4)
    pictures = [path.name for path in (folder / "pictures").iterdir()]
    assert pictures and all("random_vgg19" in name for name in pictures)


@pytest.mark.slow
def test_a_later_style_that_is_missing_is_said_at_once(styled, tmp_path):
    (tmp_path / "eye9.png").unlink()
    with pytest.raises(UserError, match="eye9.png"):
        trainer.train(*styled)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_dry_run_of_several_styles_needs_no_segmenter_yet(styled, tmp_path):
    dry = [dataclasses.replace(each, dry_run=True) for each in styled]
    assert trainer.train(*dry) == 0
    assert not list(tmp_path.glob("run/**/run.json"))
