"""Several segmenters as one: the mean of their logits."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from export import ensemble, servable
from migan_tf.base import run_record
from migan_tf.base.errors import UserError
from migan_tf.inference import run_networks, saved_models


@pytest.fixture
def raised_run(tiny_run, tmp_path):
    """A copy of `tiny_run` whose logits are higher by 1 everywhere."""
    run = tmp_path / "raised"
    shutil.copytree(tiny_run / "segmentation", run / "segmentation")
    network, _ = run_networks.load_network(run / "segmentation", "segmentation")
    bias = network.trainable_variables[-1]
    assert bias.path.endswith("bias")
    bias.assign_add(np.ones(bias.shape))
    network.save_weights(run / "segmentation/best/network.weights.h5")
    return run


def test_the_logits_are_the_mean_of_the_members(tiny_run, raised_run):
    alone, _ = ensemble.load_ensemble([tiny_run])
    both, config = ensemble.load_ensemble([tiny_run, raised_run])
    assert config == run_record.read_config(tiny_run / "segmentation")
    side = config.image_size
    fundus = np.random.default_rng(1).normal(size=(2, side, side, 3))
    np.testing.assert_allclose(both(fundus), alone(fundus) + 0.5, atol=1e-5)
    assert both.count_params() == 2 * alone.count_params()


def test_members_must_treat_photographs_alike(tiny_run, raised_run):
    path = raised_run / "segmentation" / "run.json"
    record = json.loads(path.read_text("utf-8"))
    record["config"]["geometry"] = "stretch"
    path.write_text(json.dumps(record))
    with pytest.raises(UserError, match="--geometry.*center_square, stretch"):
        ensemble.load_ensemble([tiny_run, raised_run])


@pytest.mark.slow
def test_an_exported_ensemble_has_its_members_on_its_card(
    tiny_run, raised_run, tmp_path
):
    best = raised_run / "segmentation" / "best" / "validation.json"
    values = json.loads(best.read_text("utf-8"))
    first = values["best_threshold"]
    best.write_text(json.dumps({**values, "best_threshold": first + 0.2}))
    runs = [tiny_run, raised_run]
    folder = servable.export(runs, "segmentation", tmp_path / "models")
    card = json.loads(
        (folder / "assets.extra" / "model_card.json").read_text("utf-8")
    )
    config = dataclasses.asdict(
        run_record.read_config(runs[0] / "segmentation")
    )
    assert [m["flags"]["seed"] for m in card["members"]] == [config["seed"]] * 2
    page = (folder / "assets.extra" / "MODEL_CARD.md").read_text("utf-8")
    assert "The mean of 2 networks:" in page
    model = saved_models.SavedSegmenter(folder)
    assert model.validation_threshold == pytest.approx(first + 0.1)


def test_generators_are_not_averaged(tiny_run, tmp_path):
    with pytest.raises(UserError, match="only segmenters can be averaged"):
        servable.export([tiny_run, tiny_run], "synthesis", tmp_path)
