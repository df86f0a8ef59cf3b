"""Which networks `evaluate --task=synthesis` is asked for, and what it does."""

import dataclasses
import json
import pathlib
import shutil

import cv2
import numpy as np
import pytest

from migan_tf.base import run_record
from migan_tf.base.config import Config
from migan_tf.base.errors import UserError
from migan_tf.data import photographs
from migan_tf.evaluation import evaluate_run, generator_request
from migan_tf.evaluation.flags import Settings
from migan_tf.inference import model_folder
from migan_tf.metrics import realism
from migan_tf.phantom.retina import phantom_retina


def asked(**given):
    return Settings(task="synthesis", **given)


def refused(**given):
    with pytest.raises(UserError) as error:
        evaluate_run.evaluate(asked(**given))
    return str(error.value)


def make_run(folder, *tasks):
    for task in tasks:
        run_record.write(folder / task, Config(workdir=str(folder)), [])
    return str(folder)


def test_one_generator_is_scored(tmp_path):
    for given in ({}, {"workdir": "a", "model": "b"}):
        text = refused(**given)
        assert "give --workdir (a run folder) or --model" in text
        assert "python -m migan_tf.evaluate --task=synthesis --model=" in text
    assert "Received: --workdir=a --model=b." in text
    assert "--output is required" in refused(model="b")
    text = refused(model=str(tmp_path), output=str(tmp_path / "out"))
    assert "--model must be a SavedModel" in text
    assert not (tmp_path / "out").exists()


def test_a_run_without_a_generator_is_named(tmp_path):
    run = make_run(tmp_path, "segmentation")
    assert "must hold a run with a folder `synthesis`" in refused(workdir=run)
    assert not (tmp_path / "evaluation").exists()


def test_a_reference_that_is_none_is_named(tmp_path):
    run = make_run(tmp_path, "synthesis", "segmentation")
    text = refused(workdir=run, reference_workdir=str(tmp_path / "none"))
    assert text.startswith("--reference_workdir: ")


def test_the_reader_is_the_given_the_own_or_the_shipped_one(
    tmp_path, monkeypatch
):
    run = make_run(tmp_path / "run", "synthesis", "segmentation")
    alone = make_run(tmp_path / "alone", "synthesis")
    shipped = tmp_path / "models" / "migan_segmentation" / "3"
    shutil.copytree(tmp_path / "run" / "segmentation", shipped)
    monkeypatch.setattr(model_folder, "MODELS", [tmp_path / "models"])

    def reader(**given):
        return generator_request.reader_folder(asked(**given)).path

    own = pathlib.Path(run, "segmentation")
    assert reader(workdir=run) == own
    assert reader(workdir=alone, segmenter_model=str(own)) == own
    assert reader(workdir=alone) == reader(model="m") == shipped
    text = refused(workdir=run, segmenter_model=alone)
    assert "--segmenter_model must be a SavedModel" in text


def test_a_generator_alone_needs_a_segmenter(tmp_path, monkeypatch):
    monkeypatch.setattr(model_folder, "MODELS", [])
    text = refused(workdir=make_run(tmp_path, "synthesis"))
    assert "Received: --segmenter_model=''" in text
    assert "python -m migan_tf.train --task=segmentation" in text
    assert not (tmp_path / "evaluation").exists()


@pytest.mark.slow
def test_a_saved_model_is_scored_as_its_run(served, tiny_run, tmp_path):
    reports = []
    for given in (
        {"model": str(served["synthesis"])},
        {"workdir": str(tiny_run)},
    ):
        output = str(tmp_path / f"report{len(reports)}")
        given |= {"output": output, "samples": 2}
        given |= {"segmenter_model": str(served["segmentation"])}
        evaluate_run.evaluate(asked(**given))
        text = pathlib.Path(output, "metrics.json").read_text("utf-8")
        reports.append(json.loads(text))
    model, run = reports
    assert model["model"] == str(served["synthesis"])
    assert model["workdir"] is None and run["model"] is None
    assert run["workdir"] == str(tiny_run)
    assert model["segmenter"] == str(served["segmentation"])
    assert model["photographs"] == run["photographs"]
    # The graph paints black outside the common FOV, a run does not.
    for name in ("dice", "threshold"):
        assert model["generator"]["vessel_consistency"][name] == pytest.approx(
            run["generator"]["vessel_consistency"][name], abs=0.05
        )
    assert model["generator"]["diversity"]["1"] == pytest.approx(
        run["generator"]["diversity"]["1"], rel=0.2
    )


@pytest.mark.slow
def test_a_saved_model_is_scored_on_another_dataset(served, monkeypatch):
    known = []

    def load(source, split):
        known.append((source.dataset, source.manual_dir, split))
        raise UserError("enough")

    monkeypatch.setattr(photographs, "load", load)
    given = {"model": str(served["synthesis"]), "output": "o"}
    given |= {"segmenter_model": str(served["segmentation"])}
    monkeypatch.setattr(generator_request.files, "make_output", str)
    assert refused(**given, dataset="stare", manual_dir="m") == "enough"
    assert known == [("stare", "m", "train")]


def test_another_dataset_is_read_whole(tmp_path):
    own = Config(workdir=str(tmp_path), dataset="drive", train_photographs=5)
    run_record.write(tmp_path / "synthesis", own, [])
    folder = model_folder.find("synthesis", str(tmp_path))

    def photographs_of(**given):
        config = generator_request._elsewhere(asked(**given), folder)
        return config.dataset, config.train_photographs

    assert photographs_of() == ("drive", 5)
    assert photographs_of(dataset="drive") == ("drive", 5)
    # How many the generator learned from says nothing of another set.
    assert photographs_of(dataset="stare") == ("stare", 0)


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
