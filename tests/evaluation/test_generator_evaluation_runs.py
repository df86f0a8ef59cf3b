"""Runs that lack something, or differ, in the evaluation of a generator."""

import json
import shutil

import pytest

from migan_tf.base.errors import UserError
from migan_tf.evaluation import generator_evaluation, painted_images
from migan_tf.inference import run_networks
from migan_tf.metrics import segmentation

evaluate = generator_evaluation.evaluate_synthesis


@pytest.fixture
def generator_alone(tiny_run, tmp_path):
    shutil.copytree(tiny_run / "synthesis", tmp_path / "synthesis")
    return tmp_path


def change(folder, **values):
    path = folder / "run.json"
    record = json.loads(path.read_text())
    record["config"].update(values)
    path.write_text(json.dumps(record))


def test_a_generator_alone_needs_a_segmenter(generator_alone):
    with pytest.raises(UserError) as error:
        evaluate(generator_alone)
    assert "Received: --segmenter_model=''" in str(error.value)
    assert "python -m migan_tf.train --task=segmentation" in str(error.value)


def test_another_runs_segmenter_is_taken_and_doubted(
    generator_alone, tiny_run, tmp_path
):
    other = tmp_path / "other" / "segmentation"
    shutil.copytree(tiny_run / "segmentation", other)
    change(other, image_size=128)
    result, _ = evaluate(generator_alone, samples=2, segmenter_model=str(other))
    assert result["segmenter"] == str(other)
    assert "--image_size=128 and reads at 64" in result["warnings"][0]


def test_a_reference_of_another_size_is_refused(
    generator_alone, tiny_run, tmp_path
):
    other = tmp_path / "other"
    shutil.copytree(tiny_run / "synthesis", other / "synthesis")
    change(other / "synthesis", geometry="stretch")
    with pytest.raises(UserError, match="--reference_workdir must be a run of"):
        evaluate(generator_alone, reference_workdir=str(other))
    with pytest.raises(UserError, match="^--reference_workdir: "):
        evaluate(generator_alone, reference_workdir=str(tmp_path / "none"))


def test_a_style_without_annotation_is_read_by_the_segmenter(
    generator_alone, tiny_run, style
):
    change(
        generator_alone / "synthesis",
        deviation="style",
        style_image="x.png",
        vgg19_weights="random",
    )
    folder = str(tiny_run / "segmentation")
    segmenter = run_networks.Segmenter(
        *run_networks.load_network(folder, "segmentation")
    )
    reader = painted_images.ImageAnalyser(segmenter, None)
    levels = reader.levels(style["fundus"], style["fov_mask"])
    threshold = segmentation.otsu_threshold(levels[style["fov_mask"]] / 255)
    found = style["fov_mask"] & (levels / 255 >= threshold)
    result, other = (
        evaluate(
            generator_alone,
            "validation",
            2,
            0,
            folder,
            style={**style, "vessel_map": vessel_map},
        )[0]
        for vessel_map in (None, found)
    )
    assert result == other
    assert result["warnings"] == [
        "the generator was trained with random VGG-19 weights"
    ]
    assert result["sheet"] == "contact_sheet_random_vgg19_weights.png"
    # A single photograph has no KID of its own, two painted images have one.
    assert result["photographs"]["kid_to_training"] is None
    assert result["generator"]["kid_to_training"] is not None
