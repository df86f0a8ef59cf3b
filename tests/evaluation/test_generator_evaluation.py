"""The whole evaluation of a tiny run's generator."""

import json

import keras
import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.data import batches, photographs
from migan_tf.evaluation import features, generator_evaluation, generator_report
from migan_tf.inference import run_networks
from migan_tf.metrics import segmentation

evaluate = generator_evaluation.evaluate_synthesis


@pytest.fixture(scope="module")
def scored(tiny_run, style):
    return evaluate(
        tiny_run,
        samples=2,
        seed=5,
        reference_workdir=str(tiny_run),
        style=style,
    )


def test_every_figure_is_there(scored, tiny_run):
    result, pictures = scored
    text = json.dumps(result, allow_nan=False)
    assert json.loads(text) == result
    assert (result["maps"], result["samples"], result["seed"]) == (4, 2, 5)
    assert result["segmenter"] == str(tiny_run / "segmentation")
    assert result["features"] == "segmenter bottleneck (bottomb_act)"
    assert result["thick_from_pixels"] == 2 and result["style"] == "train/0"
    assert result["training"]["images"] == 11
    assert result["photographs"]["images"] == 4 and not result["warnings"]
    painted = result["generator"]
    assert painted["images"] == 8 and painted["noise_stddev"] == 1.0
    assert list(painted["diversity"]) == ["0.001", "0.01", "0.1", "1"]
    assert painted["diversity"]["0.001"] < painted["diversity"]["1"]
    assert painted["style_leak"]["images"] == 8
    assert painted["colour"]["distance_to_style"] > 0
    assert painted["nearest_ratio"] == pytest.approx(
        painted["nearest_training_distance"]
        / result["photographs"]["nearest_training_distance"]
    )
    # The run beside itself.
    assert result["reference"] == painted
    assert [len(row) for row in pictures] == [5, 5, 5, 5, 1]


def test_what_is_painted_is_what_the_generator_paints(scored, tiny_run):
    _, pictures = scored
    generator = run_networks.Generator(
        *run_networks.load_network(tiny_run / "synthesis", "synthesis")
    )
    config = generator._config
    photograph = photographs.load(config, "test")[1]
    example = batches.network_example(photograph, 64, config.geometry)
    for sample in range(2):
        _, fundus = generator(example["vessel_map"][..., 0], [5, 1, sample])
        found = pictures[1][2 + sample].astype(int)
        assert np.abs(found - fundus).max() <= 1
    assert (pictures[1][2] != pictures[1][3]).any()


def test_the_photographs_are_read_by_the_same_segmenter(scored, tiny_run):
    segmenter = run_networks.Segmenter(
        *run_networks.load_network(tiny_run / "segmentation", "segmentation")
    )
    config = segmenter.config
    truths, probabilities = [], []
    for photograph in photographs.load(config, "test"):
        example = batches.network_example(photograph, 64, config.geometry)
        inside = example["fov_mask"][..., 0] > 0
        probability = segmenter.probability(
            example["standardized_fundus"][None]
        )
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
    assert "painted     reference   photographs" in text


def test_the_training_split_is_not_its_own_neighbour(tiny_run):
    image = keras.Input((64, 64, 3))
    pooled = keras.layers.AveragePooling2D(16)(image)
    model = keras.Model(image, [image * 1, pooled])
    extractor = features.Vgg19Features(model, "VGG-19 (mean)")
    result, _ = evaluate(tiny_run, "train", 2, extractor=extractor)
    assert result["features"] == "VGG-19 (mean)" and result["reference"] is None
    assert result["photographs"]["kid_to_training"] is None
    assert result["photographs"]["nearest_training_distance"] > 1
    colour = result["photographs"]["colour"]
    assert colour["distance_to_training"] == 0
    assert result["generator"]["kid_to_training"] is not None
    assert result["generator"]["style_leak"] is None


def test_one_sample_is_too_few(tmp_path):
    with pytest.raises(UserError, match="--samples must be at least 2"):
        evaluate(tmp_path, samples=1)
