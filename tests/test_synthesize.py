"""The commands `synthesize` and `synthesize_beam`, as a user calls them.

A whole call that paints given maps is in test_train.py.
"""

import subprocess
import sys

import pytest
import tensorflow_datasets as tfds

from migan_tf.base.config import Config
from tests.small_delta import record
from tests.synthetic_parts import contents


def call(module, *arguments):
    return subprocess.run(
        [sys.executable, "-m", f"migan_tf.{module}", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize(
    "module, arguments, words",
    [
        ("synthesize", ["x", "--workdir=a"], "only --flags are taken"),
        # Of maps that are painted as they are:
        (
            "synthesize",
            ["--vessel_maps=m", "--count=9", "--format=tfrecord"],
            "--vessel_source must be given with --count, --format",
        ),
        (
            "synthesize",
            ["--workdir=a", "--model=b", "--vessel_maps=m", "--output=o"],
            "give either --workdir",
        ),
        (
            "synthesize",
            ["--workdir=a", "--vessel_maps=m", "--output=o"],
            "no synthesis/run.json",
        ),
        # Of a job of many pairs:
        (
            "synthesize",
            ["--vessel_source=deformed", "--samples=2"],
            "--samples goes without --vessel_source",
        ),
        ("synthesize_beam", [], "--vessel_source is required"),
        (
            "synthesize_beam",
            ["--vessel_source=folder"],
            "--vessel_maps goes with",
        ),
        (
            "synthesize_beam",
            ["--vessel_source=deformed", "--workdir=a"],
            "synthesis/run.json",
        ),
    ],
)
def test_wrong_calls_are_refused_in_words(module, arguments, words):
    result = call(module, *arguments)
    assert result.returncode == 2
    assert words in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "module, arguments, words",
    [
        (
            "synthesize",
            ["--vessel_maps=m", "--contrast=0.5:1.2", "--image_size=1024"],
            "--contrast, --image_size must go with a generator of",
        ),
        (
            "synthesize_beam",
            ["--vessel_source=procedural", "--style_fundus=camera.jpg"],
            "--style_fundus must go with a generator of --generator=delta",
        ),
    ],
)
def test_the_papers_generator_is_asked_for_no_more(
    module, arguments, words, tmp_path
):
    record(tmp_path / "synthesis", Config(dataset="phantom/demo"))
    result = call(module, f"--workdir={tmp_path}", *arguments)
    assert result.returncode == 2
    assert words in result.stderr and "Traceback" not in result.stderr


JOB = """--vessel_source=procedural --format=tfrecord --count=12
--least_consistency=0 --least_distance=0 --colour_margin=255""".split()


@pytest.fixture(scope="module")
def dataset(tiny_run, tmp_path_factory):
    """The folder of a dataset that `synthesize` made."""
    folder = tmp_path_factory.mktemp("plain") / "made"
    workdir, output = f"--workdir={tiny_run}", f"--output={folder}"
    result = call("synthesize", workdir, output, "--workers=1", *JOB)
    assert result.returncode == 0, result.stderr
    assert "12 pairs of 12 images made" in result.stdout
    return folder


@pytest.mark.slow
def test_a_job_makes_a_dataset(dataset):
    builder = tfds.builder("made", data_dir=dataset.parent)
    assert builder.info.splits["train"].num_examples == 12


@pytest.mark.slow
def test_beam_makes_the_same_files(dataset, tiny_run, tmp_path):
    pytest.importorskip("apache_beam", reason="needs the extra beam")
    workdir, output = f"--workdir={tiny_run}", f"--output={tmp_path / 'made'}"
    result = call("synthesize_beam", workdir, output, *JOB)
    assert result.returncode == 0, result.stderr
    assert "12 pairs of 12 images made" in result.stdout
    assert contents(tmp_path / "made") == contents(dataset)
