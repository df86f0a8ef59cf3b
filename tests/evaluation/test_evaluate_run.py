"""What `evaluate` makes of its flags."""

import dataclasses
import json
import pathlib

import cv2
import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.data import photographs
from migan_tf.evaluation import evaluate_run
from migan_tf.evaluation.flags import Settings
from migan_tf.metrics import realism
from migan_tf.phantom.retina import phantom_retina


def refused(**given):
    with pytest.raises(UserError) as error:
        evaluate_run.evaluate(Settings(**given))
    return str(error.value)


def test_a_generator_is_not_scored_without_a_run():
    assert "--workdir is required" in refused(task="synthesis")


def make_run(folder, *tasks):
    for task in tasks:
        path = pathlib.Path(folder) / task / "run.json"
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    return str(folder)


def test_a_run_without_a_segmenter_points_to_its_generator(tmp_path):
    text = refused(workdir=make_run(tmp_path, "synthesis"))
    assert f"evaluate --task=synthesis --workdir={tmp_path}" in text
    text = refused(workdir=str(tmp_path / "none"))
    assert "--task=synthesis" not in text and "folder `segmentation`" in text


def test_a_run_without_a_generator_is_named(tmp_path):
    run = make_run(tmp_path, "segmentation")
    text = refused(task="synthesis", workdir=run)
    assert "must hold a run with a folder `synthesis`" in text
    assert not (tmp_path / "evaluation").exists()


@pytest.fixture(scope="module")
def style_run(tiny_config, tiny_run, tmp_path_factory):
    """The `Config` of a run in the style of a test photograph."""
    from migan_tf.training import trainer

    style = photographs.load(photographs.Source.of(tiny_config), "test")[0]
    config = dataclasses.replace(
        tiny_config,
        task="synthesis",
        workdir=str(tmp_path_factory.mktemp("style") / "run"),
        deviation="style",
        style_image=style.image_id,
        vgg19_weights="random",
        segmenter_model=str(tiny_run / "segmentation"),
        synthesis_steps=1,
    )
    assert trainer.train(config) == 0
    return config


@pytest.mark.slow
@pytest.mark.parametrize("as_file", [False, True])
def test_a_style_run_is_compared_with_its_or_another_photograph(
    style_run, tiny_run, tmp_path, as_file
):
    known = photographs.load(photographs.Source.of(style_run), "test")[0]
    wanted, pixels = "", known.fundus[known.fov_mask]
    if as_file:
        retina = phantom_retina(100, 100, 4)
        wanted = str(tmp_path / "style.png")
        cv2.imwrite(wanted, retina.fundus[..., ::-1])
        pixels = retina.fundus[retina.fov_mask > 0]
    given = {
        "task": "synthesis",
        "workdir": style_run.workdir,
        "output": str(tmp_path / "report"),
        "segmenter_model": style_run.segmenter_model,
        "reference_workdir": str(tiny_run),
        "style_image": wanted,
        "samples": 2,
        "features": "vgg19",
    }
    table, output = evaluate_run.evaluate(Settings(**given))
    result = json.loads((pathlib.Path(output) / "metrics.json").read_text())
    name = wanted or style_run.style_image
    assert result["style"] == pathlib.Path(name).name
    assert result["features"] == "VGG-19 (block5_conv4, random VGG-19 weights)"
    assert "to the style photograph" in table and "chance" in table
    sheet = "contact_sheet_random_vgg19_weights.png"
    assert (pathlib.Path(output) / sheet).exists()
    for name in ("generator", "reference"):
        part = result[name]
        assert part["style_leak"].keys() == {"leak", "chance", "images"}
        # By hand from the photograph at its own size.
        colour = part["colour"]
        means, stddevs = pixels.mean(0), pixels.std(0)
        expected = realism.colour_distance(
            (np.array(colour["means"]), np.array(colour["stddevs"])),
            (means, stddevs),
        )
        assert colour["distance_to_style"] == pytest.approx(expected, abs=3)


def test_one_thing_is_scored_at_a_time():
    assert "one of --workdir, --model and --predictions" in refused()
    text = refused(workdir="a", model="b", output="o")
    assert "--workdir=a --model=b" in text
    assert "--output is required" in refused(model="b")
    text = refused(predictions="p", dataset="stare")
    assert "take no --dataset" in text and "--dataset=stare" in text


@pytest.mark.slow
def test_a_saved_model_is_scored_by_its_signature(served, tiny_run, tmp_path):
    folder = served["segmentation"]
    output = str(tmp_path / "report")
    given = {"model": str(folder), "output": output, "bootstrap_samples": 0}
    evaluate_run.evaluate(Settings(**given))
    report = json.loads(pathlib.Path(output, "metrics.json").read_text("utf-8"))
    assert report["images"] == 4
    assert report["source"] == {"model": str(folder), "split": "test"}
    # The run's own network on the FOVs that it is given: near, not equal.
    given = {"workdir": str(tiny_run), "output": output, "dataset": ""}
    evaluate_run.evaluate(Settings(**given))
    own = json.loads(pathlib.Path(output, "metrics.json").read_text("utf-8"))
    for name in ("auc_roc", "dice_otsu"):
        assert report["pooled"][name] == pytest.approx(
            own["pooled"][name], abs=0.03
        )


@pytest.mark.slow
def test_a_run_is_scored_on_another_dataset(tiny_run, monkeypatch):
    asked = []

    def load(source, split):
        asked.append((source.dataset, source.manual_dir, split))
        raise UserError("enough")

    monkeypatch.setattr(photographs, "load", load)
    given = {"workdir": str(tiny_run), "dataset": "stare", "manual_dir": "m"}
    assert refused(**given) == "enough"
    assert asked == [("stare", "m", "test")]
