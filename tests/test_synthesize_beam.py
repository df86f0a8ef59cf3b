"""`migan_tf.synthesize_beam` on the DirectRunner, as a user runs it."""

import subprocess
import sys

import pytest

from tests.synthetic_parts import contents


def call(module, *arguments):
    return subprocess.run(
        [sys.executable, "-m", f"migan_tf.{module}", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.slow
@pytest.mark.parametrize("form", ["png", "tfrecord"])
def test_the_files_are_those_of_the_plain_command(form, tiny_run, tmp_path):
    pytest.importorskip("apache_beam", reason="needs the extra beam")
    arguments = [
        f"--workdir={tiny_run}",
        "--vessel_source=deformed",
        f"--format={form}",
        "--count=12",
        "--least_consistency=0",
        "--least_distance=0",
        "--colour_margin=255",
    ]
    folders = [tmp_path / name / "made" for name in ("plain", "beam")]
    plain = call("synthesize", *arguments, f"--output={folders[0]}")
    assert plain.returncode == 0, plain.stderr
    beam = call("synthesize_beam", *arguments, f"--output={folders[1]}")
    assert beam.returncode == 0, beam.stderr
    assert "12 pairs of 12 images made" in beam.stdout
    assert contents(folders[0]) == contents(folders[1])


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "--vessel_source is required"),
        (["--vessel_source=folder"], "--vessel_maps goes with"),
        (["--vessel_source=deformed", "--workdir=a"], "synthesis/run.json"),
    ],
)
def test_wrong_calls_are_refused_in_words(arguments, words):
    result = call("synthesize_beam", *arguments)
    assert result.returncode == 2
    assert words in result.stderr and "Traceback" not in result.stderr
