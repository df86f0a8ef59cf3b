"""A whole job by its command: made, shared, gone on with, finished."""

import dataclasses
import json
import pathlib
import shutil
import subprocess
import sys

import pytest
import tensorflow_datasets as tfds

from migan_tf.base.errors import UserError
from migan_tf.data import batches
from migan_tf.synthesis import recipe
from tests.synthetic_parts import contents

# A tiny network paints no vessels that could be found again.
OPEN = """--least_consistency=0 --least_distance=0 --colour_margin=255
--count=12""".split()


def synthesize(*arguments):
    result = subprocess.run(
        [sys.executable, "-m", "migan_tf.synthesize", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "Traceback" not in result.stderr, result.stderr
    return result


@pytest.fixture(scope="module")
def whole(tiny_run, tmp_path_factory):
    """The folder of a job that one machine made, and what it said."""
    folder = tmp_path_factory.mktemp("whole") / "made"
    result = synthesize(
        f"--workdir={tiny_run}",
        "--vessel_source=deformed",
        f"--output={folder}",
        *OPEN,
    )
    assert result.returncode == 0, result.stderr
    return folder, result.stdout


@pytest.mark.slow
def test_a_job_says_what_it_made_and_what_it_cost(whole):
    folder, told = whole
    assert "12 pairs in " in told and "a second; peak memory" in told
    assert "12 pairs of 12 images made" in told
    assert len(list((folder / "training" / "images").iterdir())) == 12
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["pairs"], summary["given_up"]) == (12, 0)


@pytest.mark.slow
def test_shards_by_turns_give_the_same_folder(whole, tiny_run, tmp_path):
    folder = tmp_path / "made"
    call = [f"--workdir={tiny_run}", "--vessel_source=deformed"]
    call += [f"--output={folder}", *OPEN, "--workers=1"]
    first = synthesize(*call, "--shard=1/2")
    assert first.returncode == 0
    assert "1 of 2 blocks are still missing" in first.stdout
    assert not (folder / "summary.json").exists()
    assert synthesize(*call, "--shard=0/2").returncode == 0
    assert contents(folder) == contents(whole[0])
    again = synthesize(*call)
    assert again.returncode == 0 and "a second" not in again.stdout
    assert contents(folder) == contents(whole[0])


@pytest.mark.slow
def test_another_job_does_not_mix_in(whole, tiny_run):
    before = contents(whole[0])
    result = synthesize(
        f"--workdir={tiny_run}",
        "--vessel_source=deformed",
        f"--output={whole[0]}",
        *OPEN,
        "--seed=1",
    )
    assert result.returncode == 2
    assert "seed is 0 there and 1 here" in result.stderr
    assert contents(whole[0]) == before


@pytest.mark.slow
def test_train_takes_the_records_by_name(tiny_run, tiny_config, tmp_path):
    result = synthesize(
        f"--workdir={tiny_run}",
        "--vessel_source=procedural",
        "--format=tfrecord",
        f"--output={tmp_path}/made",
        *OPEN,
    )
    assert result.returncode == 0, result.stderr
    builder = tfds.builder("made", data_dir=tmp_path)
    assert builder.info.splits["train"].num_examples == 12
    shutil.copytree(
        pathlib.Path(tiny_config.data_dir, "phantom"), tmp_path / "phantom"
    )
    taken = dataclasses.replace(
        tiny_config,
        task="segmentation",
        data_dir=str(tmp_path),
        extra_dataset="made",
        extra_count=5,
    )
    assert len(batches.load_training_set(taken).extra) == 5


def test_the_reader_is_the_runs_own_where_it_has_one(tiny_run, served):
    values = {"reader": "", "workdir": str(tiny_run)}
    assert recipe.reader_of(values) == tiny_run / "segmentation"
    values = {"reader": str(served["segmentation"]), "workdir": str(tiny_run)}
    assert recipe.reader_of(values) == served["segmentation"]


def test_without_a_run_the_reader_is_the_one_that_comes_along(tmp_path):
    for workdir in ("", str(tmp_path)):
        values = {"reader": "", "workdir": workdir}
        folder = recipe.reader_of(values)
        assert folder.parent.name == "migan_segmentation"


def test_a_reader_that_is_none_is_named_by_its_flag(tiny_run):
    """Not by --model, which says what paints."""
    values = {"reader": str(tiny_run), "workdir": str(tiny_run)}
    with pytest.raises(UserError, match="--reader must be.*RUN/segmentation"):
        recipe.reader_of(values)
