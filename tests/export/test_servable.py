"""A version is there whole or not at all, and holds what a server needs."""

import json
import os
import shutil
import types

import numpy as np
import pytest
import tensorflow as tf

from export import card_figures, model_card, servable, warm_up
from migan_tf.base import run_record
from migan_tf.base.config import Config
from migan_tf.base.errors import UserError
from migan_tf.data import batches, photographs
from migan_tf.data.fov import find_fov_mask
from migan_tf.inference import load, run_networks

pytestmark = pytest.mark.slow


def test_a_servable_holds_what_a_server_needs(served):
    for task, folder in served.items():
        assert folder.parent.name == f"migan_{task}" and folder.name == "1"
        names = {
            p.relative_to(folder).as_posix()
            for p in folder.rglob("*")
            if p.is_file()
        }
        assert names == {
            "saved_model.pb",
            "fingerprint.pb",
            "variables/variables.index",
            "variables/variables.data-00000-of-00001",
            "assets.extra/tf_serving_warmup_requests",
            "assets.extra/MODEL_CARD.md",
            "assets.extra/model_card.json",
        }
        assert not list(folder.parent.glob(".*"))


def test_versions_count_up_and_nothing_is_overwritten(tmp_path):
    for expected in (1, 2):
        with servable.new_version(tmp_path / "model") as place:
            (place.temporary / "x").write_text(str(expected))
            # A server sees nothing of it yet.
            seen = [p for p in place.temporary.parent.iterdir()]
            assert str(expected) not in [p.name for p in seen]
        assert place.folder == tmp_path / "model" / str(expected)
        assert (place.folder / "x").read_text() == str(expected)
    (tmp_path / "model" / "7").mkdir()
    (tmp_path / "model" / "notes").mkdir()
    with servable.new_version(tmp_path / "model") as place:
        pass
    assert place.folder.name == "8"


def test_an_export_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError):
        with servable.new_version(tmp_path) as place:
            (place.temporary / "half").write_text("")
            raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_two_exports_at_once_do_not_mix(tmp_path):
    with pytest.raises(UserError, match="another export"):
        with servable.new_version(tmp_path):
            (tmp_path / "1").mkdir()
            (tmp_path / "1" / "theirs").write_text("")
    assert [p.name for p in tmp_path.iterdir()] == ["1"]
    assert (tmp_path / "1" / "theirs").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="--export_dir must be a folder"):
        with servable.new_version(tmp_path / "file" / "model"):
            pass


def test_the_common_fov_is_where_most_photographs_are_lit(tiny_config):
    found = servable.common_fov_mask(tiny_config)
    masks = [
        batches.network_example(p, 64, tiny_config.geometry)["fov_mask"] > 0
        for p in photographs.load(photographs.Source.of(tiny_config), "train")
    ]
    assert found.shape == (64, 64, 1) and found.dtype == bool
    np.testing.assert_array_equal(found, np.sum(masks, 0) >= len(masks) / 2)


def test_warm_up_requests_can_be_answered(served):
    from tensorflow_serving.apis import prediction_log_pb2

    for task, folder in served.items():
        signatures = tf.saved_model.load(str(folder)).signatures
        path = folder / "assets.extra" / warm_up.FILE_NAME
        asked = set()
        for record in tf.data.TFRecordDataset([str(path)]):
            log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
            request = log.predict_log.request
            assert request.model_spec.name == f"migan_{task}"
            name = request.model_spec.signature_name
            asked.add(name)
            inputs = {
                key: tf.constant(tf.make_ndarray(value))
                for key, value in request.inputs.items()
            }
            assert signatures[name](**inputs)
        assert asked == set(signatures)


def test_a_generator_of_delta_is_asked_for_all_that_it_can(delta_served):
    from tensorflow_serving.apis import prediction_log_pb2

    path = delta_served / "assets.extra" / warm_up.FILE_NAME
    asked = {}
    for record in tf.data.TFRecordDataset([str(path)]):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        request = log.predict_log.request
        inputs = {k: tf.make_ndarray(v) for k, v in request.inputs.items()}
        asked[request.model_spec.signature_name] = inputs
    assert asked.keys() == {
        *("serving_default", "synthesize", "synthesize_bytes"),
        *("paint", "paint_bytes"),
    }
    found = asked["paint"]
    assert find_fov_mask(found["style_fundus"][0]).numpy().any()
    assert found["contrast"] == [1.0]
    [content] = asked["paint_bytes"]["style_fundus_bytes"]
    style = tf.io.decode_png(content).numpy()
    np.testing.assert_array_equal(style, found["style_fundus"][0])


def test_the_card_of_delta_says_what_may_be_asked(delta_served):
    folder = delta_served / "assets.extra"
    card = json.loads((folder / "model_card.json").read_text("utf-8"))
    assert card["network"]["architecture"] == "delta"
    assert card["controls"].keys() == {"contrast", "style_fundus", "fov_mask"}
    page = (folder / "MODEL_CARD.md").read_text("utf-8")
    assert "the image is not as photographed" in page
    assert "Architecture `delta`" in page and "Paints 64" not in page


def test_another_size_stands_in_the_card(delta_network, delta_run):
    card = model_card.make(
        [delta_run],
        "synthesis",
        network=delta_network,
        name="migan_synthesis",
        version=1,
        image_size=128,
    )
    assert card["network"]["image_size"] == 128
    assert card["network"]["trained_image_size"] == 64
    assert card["training"]["flags"]["image_size"] == 128
    limit = "Paints 128 × 128 pixels and learned from 64 × 64"
    assert limit in model_card.markdown(card)


def test_only_delta_paints_other_sizes(delta_run, tiny_run, tmp_path):
    for run, size in ((tiny_run, 128), (delta_run, 96)):
        with pytest.raises(UserError, match="a multiple of 64"):
            servable.export([run], "synthesis", tmp_path, image_size=size)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("architecture", ["migan", "delta"])
def test_a_painted_map_is_scored_in_its_photographs_fov(
    architecture, monkeypatch, tmp_path
):
    asked = []

    def generator(vessel_map, seed, fov_mask):
        asked.append((seed, fov_mask))
        painted = vessel_map / 2 + 0.3  # Over one half where a vessel is.
        return types.SimpleNamespace(fundus=vessel_map > 0, vessel_map=painted)

    def segmenter(fundus):
        found = fundus.copy()
        found[0] = False
        return types.SimpleNamespace(vessel_map=found)

    generator.config = Config(generator=architecture)
    monkeypatch.setattr(load, "load_generator", lambda folder: generator)
    monkeypatch.setattr(load, "load_segmenter", lambda folder: segmenter)
    photograph = types.SimpleNamespace(
        vessel_map=np.eye(4, dtype=bool), fov_mask=np.ones((4, 4), bool)
    )
    reader = types.SimpleNamespace(path=tmp_path)
    found = card_figures.synthesis(
        None, {"drive": [photograph]}, reader, samples=2
    )
    # One pixel of four is missed: 2 · 3 / (4 + 3).
    figures = found["tests"]["drive"]["figures"]
    assert figures["vessel_consistency"] == pytest.approx(6 / 7)
    given = photograph.fov_mask if architecture == "delta" else None
    assert [seed for seed, _ in asked] == [[0, 0, 0], [0, 0, 1]]
    assert all(fov_mask is given for _, fov_mask in asked)


def test_the_card_says_what_the_model_is(served, tiny_run):
    for task, folder in served.items():
        text = (folder / "assets.extra" / "model_card.json").read_text("utf-8")
        card = json.loads(text)
        config = run_record.read_config(tiny_run / task)
        assert card["model"] == f"migan_{task}" and card["version"] == 1
        assert card["training"]["flags"]["seed"] == config.seed
        assert card["training"]["starts"][0]["commit"]
        assert "Apache" in card["data"]["licence"]
        network, _ = run_networks.load_network(tiny_run / task, task)
        assert card["network"]["parameters"] == network.count_params()
        variables = tf.train.load_checkpoint(
            str(folder / "variables/variables")
        )
        stored = sum(
            int(np.prod(shape))
            for key, shape in variables.get_variable_to_shape_map().items()
            if key.startswith("variables_of_network")
        )
        assert stored == card["network"]["parameters"]
        page = (folder / "assets.extra" / "MODEL_CARD.md").read_text("utf-8")
        assert card["network"]["weights_sha256"] in page
        assert "Not a medical device" in page or "of no patient" in page
        seen = card["training"]["photographs_sha256"]
        for split in ("train", "validation"):
            expected = photographs.load(photographs.Source.of(config), split)
            assert seen[split] == {p.image_id: p.sha256() for p in expected}


@pytest.fixture
def card_of(tiny_run, tmp_path):
    """Makes the card of a copy of the tiny run, with other flags if given."""
    network, _ = run_networks.load_network(
        tiny_run / "segmentation", "segmentation"
    )
    run = tmp_path / "run"
    shutil.copytree(tiny_run / "segmentation", run / "segmentation")

    def make(**flags):
        path = run / "segmentation" / "run.json"
        record = json.loads(path.read_text("utf-8"))
        record["config"].update(flags)
        path.write_text(json.dumps(record))
        return model_card.make(
            [run], "segmentation", network=network, name="m", version=3
        )

    return make


def test_the_card_has_the_figures_of_the_runs_report(card_of, tmp_path):
    card = card_of()
    assert not card["metrics"]["measured"]
    assert "Not measured before the export" in model_card.markdown(card)
    report = {
        "protocol": "paper",
        "pooled": {"dice_otsu": 0.81234, "dice_validation_threshold": None},
        "interval_95": {"pooled": {"dice_otsu": [0.79, 0.83]}},
    }
    path = tmp_path / "run" / "evaluation" / "test" / "metrics.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(report))
    # Of an older release, which did not say of which weights it is.
    older = card_of()
    assert not older["metrics"]["measured"]
    assert "does not say of which weights" in model_card.markdown(older)
    # Of other weights, however new the file is.
    path.write_text(json.dumps({**report, "weights_sha256": "f00d" * 16}))
    other = card_of()
    assert not other["metrics"]["measured"] and "tests" not in other["metrics"]
    assert "of other weights (f00df00df00d…)" in model_card.markdown(other)
    # Of another dataset, and of the right one, however old the file is.
    report["weights_sha256"] = card["network"]["weights_sha256"]
    elsewhere = {"dataset": "stare", "split": "test"}
    path.write_text(json.dumps({**report, "source": elsewhere}))
    assert "it is of stare" in card_of()["metrics"]["left_out"]
    path.write_text(json.dumps(report))
    os.utime(path, (0, 0))
    page = model_card.markdown(card_of())
    assert "| dice_otsu | 0.8123 | [0.7900, 0.8300] |" in page
    assert "| dice_validation_threshold |  |  |" in page
    path.write_text("{")
    with pytest.raises(UserError, match="migan_tf.evaluate"):
        card_of()


def test_the_card_says_in_words_what_was_trained_on(card_of):
    card = card_of(train_photographs=5, extra_dataset="synth")
    assert card["data"]["photographs"] == (
        "5 drawn from the training split, less 1 held out for validation; 50% "
        "of the training examples came from the dataset synth instead"
    )
    card = card_of(
        train_photographs=0, extra_dataset="", validation_split="augmented"
    )
    assert card["data"]["photographs"] == (
        "the whole training split; validation saw rotated copies of it"
    )
