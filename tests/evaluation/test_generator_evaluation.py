"""The whole evaluation of a tiny run's generator."""

import dataclasses
import json
import pathlib
import shutil

import keras
import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.data import batches, geometry, photographs
from migan_tf.evaluation import (
    features,
    generator_evaluation,
    generator_report,
    painted_images,
)
from migan_tf.inference import model_folder, run_networks
from migan_tf.metrics import segmentation

pytestmark = pytest.mark.slow


def folder_of(workdir, task="synthesis"):
    return model_folder.open_folder(pathlib.Path(workdir, task), task)


def evaluate(workdir, reader=None, reference=None, **settings):
    folder = folder_of(workdir)
    reader = folder_of(reader or workdir, "segmentation")
    return generator_evaluation.evaluate_synthesis(
        folder,
        folder.config,
        reader=reader,
        reference=reference and folder_of(reference),
        **settings,
    )


@pytest.fixture(scope="module")
def scored(tiny_run, style):
    return evaluate(
        tiny_run, samples=2, seed=5, reference=tiny_run, style=style
    )


def test_every_figure_is_there(scored, tiny_run, style):
    result, pictures = scored
    text = json.dumps(result, allow_nan=False)
    assert json.loads(text) == result
    assert (result["maps"], result["samples"], result["seed"]) == (4, 2, 5)
    assert result["segmenter"] == str(tiny_run / "segmentation")
    assert result["workdir"] == result["reference_workdir"] == str(tiny_run)
    assert result["model"] is None
    assert result["features"] == "segmenter bottleneck (bottomb_act)"
    assert result["thick_from_pixels"] == 2 and result["style"] == style.name
    assert result["training"]["images"] == 11
    assert result["photographs"]["images"] == 4 and not result["warnings"]
    painted = result["generator"]
    assert painted["images"] == 8 and painted["noise_stddev"] == 1.0
    assert list(painted["diversity"]) == ["0.1", "1"]
    assert painted["diversity"]["0.1"] < painted["diversity"]["1"]
    assert painted["ground_diversity"] < 20 and painted["rim"]["faults"] <= 8
    assert painted["structure_diversity"] <= painted["ground_diversity"]
    assert set(painted["kid"]) == {"random_filters", "colour_field"}
    assert painted["style_leak"]["images"] == 8
    assert painted["colour"]["distance_to_style"] > 0
    assert painted["nearest_ratio"] == pytest.approx(
        painted["nearest_training_distance"]
        / result["photographs"]["nearest_training_distance"]
    )
    thin = "sensitivity_thin"
    assert painted["sensitivity_thin_ratio"] == pytest.approx(
        painted["vessel_consistency"][thin]
        / result["photographs"]["vessel_consistency"][thin]
    )
    # The run beside itself.
    assert result["reference"] == painted
    assert [len(row) for row in pictures] == [5, 5, 5, 5, 1]


def test_the_photographs_spread_stands_beside_the_figures(scored):
    result, _ = scored
    half = result["half_to_half"]
    for group in ("vessel_consistency", "vessel_contrast", "power", "rim"):
        known = result["photographs"][group].keys() - {"threshold", "faults"}
        assert half[group].keys() == known
    assert half["nearest_of_some"]["distance"] > 0
    # Of as many references the painted images' nearest is told, too.
    assert result["generator"]["nearest_of_some"]["distance"] > 0
    assert half["kid_to_training"] > 0
    alike = result["generator"]["alike"]
    assert half["alike"].keys() == alike.keys()
    assert alike["vessel_contrast/thin"] is None
    place = "vessel_consistency/dice"
    missing = (
        result["photographs"]["vessel_consistency"]["dice"]
        - result["generator"]["vessel_consistency"]["dice"]
    )
    spread = half["vessel_consistency"]["dice"]
    assert alike[place] == (missing <= max(1.25 * spread, 0.001))
    # A network that has seen four batches leaves a texture of its own.
    assert alike["pixel_noise"] is False


def test_what_is_painted_is_what_the_generator_paints(scored, tiny_run):
    _, pictures = scored
    generator = run_networks.NetworkGenerator(
        *run_networks.load_network(tiny_run / "synthesis", "synthesis")
    )
    config = generator.config
    photograph = photographs.load(photographs.Source.of(config), "test")[1]
    example = batches.network_example(photograph, 64, config.geometry)
    for sample in range(2):
        vessel_map = example["vessel_map"][..., 0]
        fundus = generator(vessel_map, [5, 1, sample]).fundus
        found = pictures[1][2 + sample].astype(int)
        assert np.abs(found - fundus).max() <= 1
    assert (pictures[1][2] != pictures[1][3]).any()


def test_the_photographs_are_read_by_the_same_segmenter(scored, tiny_run):
    segmenter = run_networks.NetworkSegmenter(
        *run_networks.load_network(tiny_run / "segmentation", "segmentation")
    )
    config = segmenter.config
    truths, probabilities = [], []
    for photograph in photographs.load(photographs.Source.of(config), "test"):
        example = batches.network_example(photograph, 64, config.geometry)
        inside = example["fov_mask"][..., 0] > 0
        standardized_fundus = geometry.standardize(
            (example["fundus"] + 1) / 2, example["fov_mask"]
        )
        probability = segmenter.probability(standardized_fundus[None])
        probabilities.append(probability.numpy()[0, ..., 0][inside])
        truths.append(example["vessel_map"][..., 0][inside] >= 0.5)
    truth, probability = map(np.concatenate, (truths, probabilities))
    threshold = segmentation.otsu_threshold(probability)
    expected = segmentation.dice(truth, probability >= threshold)
    # Rounding the photographs to grey levels changes little.
    figures = scored[0]["photographs"]["vessel_consistency"]
    assert figures["threshold"] == pytest.approx(threshold, abs=0.02)
    assert figures["dice"] == pytest.approx(expected, abs=0.02)


def test_the_report_of_it_can_be_written(scored, tmp_path):
    text = generator_report.write_report(*scored, tmp_path)
    assert max(map(len, text.splitlines())) <= 80
    heads = ["painted", "reference", "photographs", "half:half", "alike"]
    assert heads in [line.split() for line in text.splitlines()]


def test_the_training_split_is_not_its_own_neighbour(tiny_run):
    image = keras.Input((64, 64, 3))
    pooled = keras.layers.AveragePooling2D(16)(image)
    model = keras.Model(image, [image * 1, pooled])
    extractor = features.Vgg19Features(model, "VGG-19 (mean)")
    result, _ = evaluate(
        tiny_run, split="train", samples=2, extractor=extractor
    )
    assert result["features"] == "VGG-19 (mean)" and result["reference"] is None
    assert result["photographs"]["kid_to_training"] is None
    assert result["photographs"]["nearest_training_distance"] > 1
    colour = result["photographs"]["colour"]
    assert colour["distance_to_training"] == 0
    assert result["generator"]["kid_to_training"] is not None
    assert result["generator"]["style_leak"] is None


def test_one_sample_is_too_few(tiny_run):
    with pytest.raises(UserError, match="--samples must be at least 2"):
        evaluate(tiny_run, samples=1)


@pytest.fixture
def generator_alone(tiny_run, tmp_path):
    shutil.copytree(tiny_run / "synthesis", tmp_path / "synthesis")
    return tmp_path


def change(folder, **values):
    path = folder / "run.json"
    record = json.loads(path.read_text())
    record["config"].update(values)
    path.write_text(json.dumps(record))


def test_another_runs_segmenter_is_taken_and_doubted(
    generator_alone, tiny_run, tmp_path
):
    other = tmp_path / "other" / "segmentation"
    shutil.copytree(tiny_run / "segmentation", other)
    change(other, image_size=128)
    result, _ = evaluate(generator_alone, samples=2, reader=other.parent)
    assert result["segmenter"] == str(other)
    assert "--image_size=128 and reads at 64" in result["warnings"][0]


def test_a_reference_of_another_size_is_refused(
    generator_alone, tiny_run, tmp_path
):
    other = tmp_path / "other"
    shutil.copytree(tiny_run / "synthesis", other / "synthesis")
    change(other / "synthesis", geometry="stretch")
    with pytest.raises(UserError, match="--reference_workdir must be a run of"):
        evaluate(generator_alone, reader=tiny_run, reference=other)
    change(other / "synthesis", geometry="center_square")
    next((other / "synthesis").rglob("*.weights.h5")).unlink()
    with pytest.raises(UserError, match="^--reference_workdir: "):
        evaluate(generator_alone, reader=tiny_run, reference=other)


def test_a_style_without_annotation_is_read_by_the_segmenter(
    generator_alone, tiny_run, style
):
    change(
        generator_alone / "synthesis",
        deviation="style",
        style_image="x.png",
        vgg19_weights="random",
    )
    folder = tiny_run / "segmentation"
    segmenter = run_networks.NetworkSegmenter(
        *run_networks.load_network(folder, "segmentation")
    )
    reader = painted_images.ImageAnalyser(segmenter, None)
    inside = style.inside()
    levels = reader.levels(style.levels(), inside)
    threshold = segmentation.otsu_threshold(levels[inside] / 255)
    found = inside & (levels / 255 >= threshold)
    result, other = (
        evaluate(
            generator_alone,
            split="validation",
            samples=2,
            reader=tiny_run,
            style=dataclasses.replace(style, vessel_map=vessel_map),
        )[0]
        for vessel_map in (None, found[..., None].astype(np.float32))
    )
    assert result == other
    assert result["warnings"] == [
        "the generator was trained with random VGG-19 weights"
    ]
    assert result["sheet"] == "contact_sheet_random_vgg19_weights.png"
    # A single photograph has no halves and no KID, and neither has one painted
    # image of its map.
    assert result["half_to_half"]["pixel_noise"] is None
    for name in ("photographs", "generator"):
        assert result[name]["kid_to_training"] is None
