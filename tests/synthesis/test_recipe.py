"""What the flags of a job come to."""

import dataclasses
import pathlib
import pickle

import cv2
import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.data import photographs
from migan_tf.synthesis import recipe as synthesis_recipe
from migan_tf.synthesis.job import Plan
from tests import made_datasets
from tests.synthetic_parts import read_png


@pytest.fixture
def values(tmp_path):
    return {
        "vessel_source": "deformed",
        "vessel_maps": "",
        "count": 12,
        "format": "png",
        "seed": 4,
        "noise_stddev": None,
        "output": str(tmp_path / "made"),
        "dataset": "",
        "data_dir": "",
        "manual_dir": "",
        "least_consistency": 0.25,
        "least_distance": 2.0,
        "colour_margin": 25.0,
    }


def make(run, values, **changes):
    return synthesis_recipe.make(
        values | changes, run / "synthesis", run / "segmentation"
    )


def test_photographs_are_those_the_generator_learned_from(
    tiny_run, tiny_config, values
):
    plan, recipe, settings, size = make(tiny_run, values)
    training = photographs.load(tiny_config, "train")
    digests = {p.image_id: p.sha256() for p in training}
    assert settings["maps_of"] == settings["compared_with"] == digests
    held_out = photographs.load(tiny_config, "validation")
    assert not {p.image_id for p in held_out} & set(recipe.originals.image_ids)
    assert (plan, size) == (Plan("made", 12, "png"), 64)
    assert (recipe.seed, recipe.noise_stddev) == (4, 1.0)
    assert (recipe.least_consistency, recipe.least_distance) == (0.25, 2.0)
    # Colours of the photographs as the generator saw them, in grey levels.
    assert recipe.originals.colours.shape == (len(training), 6)
    assert 20 < recipe.originals.colours[:, 0].mean() < 255


def test_settings_name_networks_by_their_weights(tiny_run, values):
    _, recipe, settings, _ = make(tiny_run, values, noise_stddev=0.5)
    assert settings["noise_stddev"] == 0.5
    assert {**settings["model"], "job": recipe.facts["job"]} == recipe.facts
    assert len(settings["model"]["weights_sha256"]) == 64
    assert settings["like"] is None  # what procedural maps alone have
    assert settings["model"] != settings["reader"]
    assert settings["model"]["style"] is None
    text = str(settings)
    assert str(tiny_run) not in text and values["output"] not in text


def test_a_saved_model_is_named_as_its_card_names_it(served, values):
    _, recipe, settings, _ = synthesis_recipe.make(
        values | {"vessel_source": "procedural"},
        served["synthesis"],
        served["segmentation"],
    )
    assert settings["model"]["model"] == "migan_synthesis"
    assert settings["model"]["version"] == 1
    assert settings["reader"]["model"] == "migan_segmentation"
    pickle.dumps(recipe)


def test_files_of_the_users_are_recorded_by_their_content(
    tiny_run, values, tmp_path
):
    folder = tmp_path / "maps"
    folder.mkdir()
    vessel_map = np.zeros((64, 64), np.uint8)
    vessel_map[30:34] = 255
    assert cv2.imwrite(str(folder / "bar.png"), vessel_map)
    _, recipe, settings, _ = make(
        tiny_run, values, vessel_source="folder", vessel_maps=str(folder)
    )
    assert list(settings["vessel_maps"]) == ["bar.png"]
    drawn = recipe.source.draw(0, 9)
    np.testing.assert_array_equal(
        drawn.vessel_map, read_png(folder / "bar.png") > 0
    )


@pytest.mark.parametrize("source", ["deformed", "procedural"])
def test_data_that_are_named_must_be_there(source, tiny_run, values, tmp_path):
    elsewhere = {"dataset": "drive", "data_dir": str(tmp_path / "empty")}
    with pytest.raises(UserError, match="drive is not built"):
        make(tiny_run, values, vessel_source=source, **elsewhere)


def test_maps_of_another_dataset_are_compared_with_both(
    tiny_run, tiny_config, values
):
    made_datasets.write(
        tiny_config.data_dir, "others", [made_datasets.make_pair(0)]
    )
    # One photograph is held out, as of the generator's own.
    with pytest.raises(UserError, match="--validation_images"):
        make(tiny_run, values, dataset="others")
    made_datasets.write(
        tiny_config.data_dir,
        "others",
        [made_datasets.make_pair(n) for n in range(3)],
        version="1.0.1",
    )
    _, recipe, settings, _ = make(tiny_run, values, dataset="others")
    assert len(settings["maps_of"]) == 2
    assert len(settings["compared_with"]) == 11 + 2
    assert set(settings["maps_of"]) < set(recipe.originals.image_ids)


def test_the_job_is_known_by_all_that_matters(tiny_run, values):
    def job(**changes):
        return make(tiny_run, values, **changes)[1].facts["job"]

    assert job() == job(output="/elsewhere/shard0")
    others = [{"seed": 5}, {"count": 13}, {"least_distance": 3.0}]
    others += [{"vessel_source": "dataset"}, {"format": "tfrecord"}]
    assert len({job(), *(job(**change) for change in others)}) == 6


@pytest.mark.parametrize("name", ["drive", "a-b", "2024", "Made", "a b"])
def test_a_name_that_no_dataset_can_have_is_refused(name, tiny_run, values):
    wrong = {"output": f"/data/{name}", "format": "tfrecord"}
    with pytest.raises(UserError, match="--output must end in"):
        make(tiny_run, values, **wrong)
    make(tiny_run, values, output=f"/data/{name}")  # Pictures may.


def test_a_generator_of_absent_data_draws_maps_with_a_warning(
    served, values, tmp_path, monkeypatch
):
    def absent(config, split):
        raise UserError("phantom is not built\nand cannot be")

    monkeypatch.setattr(photographs, "load", absent)
    _, recipe, settings, _ = synthesis_recipe.make(
        values | {"vessel_source": "procedural"},
        served["synthesis"],
        served["segmentation"],
    )
    assert recipe.originals is None
    assert settings["compared_with"] == settings["maps_of"] == {}
    with pytest.raises(UserError, match="phantom is not built"):
        synthesis_recipe.make(
            values, served["synthesis"], served["segmentation"]
        )


def test_an_untrained_reader_is_said(tiny_run, values, tmp_path):
    with pytest.raises(UserError, match="has no best/"):
        synthesis_recipe.make(
            values, tiny_run / "synthesis", pathlib.Path(tmp_path)
        )


def test_files_that_are_no_maps_are_found_before_anything_is_made(
    tiny_run, values, tmp_path
):
    for name, kind in (("a", np.uint8), ("b", np.uint16)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.ones((64, 64), kind))
    for place, words in ((".", "needs 8-bit.*b.png"), ("no", "--vessel_maps:")):
        taken = {"vessel_maps": str(tmp_path / place)}
        with pytest.raises(UserError, match=words):
            make(tiny_run, values, vessel_source="folder", **taken)


def test_all_maps_of_another_dataset_whatever_the_run_was_trained_on(
    tiny_run, tiny_config, values, monkeypatch
):
    pairs = [made_datasets.make_pair(n) for n in range(4)]
    made_datasets.write(tiny_config.data_dir, "many", pairs)
    few = dataclasses.replace(tiny_config, train_photographs=1)
    monkeypatch.setattr(
        synthesis_recipe.model_folder, "config_of", lambda *args: few
    )
    settings = make(tiny_run, values, dataset="many")[2]
    assert len(settings["maps_of"]) == 4 - 1
    assert len(settings["compared_with"]) == 1 + 3
