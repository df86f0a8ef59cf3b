"""Paths of all kinds: blanks, brackets, quotes, line ends, bytes of no text."""

import csv
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest

from migan_tf.api import words
from migan_tf.base import files, flagfiles, image_files, run_record
from migan_tf.base.errors import UserError, quoted

ROOT = pathlib.Path(__file__).resolve().parents[2]
ODD = ["a b", "a[1]*?", "it's", 'say "a"', "two\nlines", "$HOME;rm", "ü×"]


@pytest.mark.parametrize("name", ODD)
def test_a_command_that_is_told_can_be_pasted(name, tmp_path):
    folder = tmp_path / name
    assert shlex.split(f"rm -r {quoted(folder)}") == ["rm", "-r", str(folder)]
    with pytest.raises(UserError) as caught:
        run_record.read_config(folder / "segmentation")
    command = str(caught.value).partition("Train one: ")[2]
    assert f"--workdir={folder}" in shlex.split(command)


def test_a_quoted_command_stays_whole_for_callers_in_python():
    text = "Train: python -m migan_tf.train --workdir='a b' --seed=1. See --x"
    assert words.in_python(text) == (
        "Train: python -m migan_tf.train --workdir='a b' --seed=1. See `x`"
    )


@pytest.mark.parametrize("name", ["a[1]", "what?", "*"])
def test_a_folder_that_tensorflow_takes_for_a_pattern_is_refused(
    name, tmp_path
):
    folder = tmp_path / name / "data"
    with pytest.raises(UserError, match="--data_dir must have none.*Next"):
        files.refuse_patterns(folder, "data_dir")
    files.refuse_patterns(tmp_path / "it's (2)", "data_dir")


def test_without_a_home_a_path_stays_as_it_is(monkeypatch):
    monkeypatch.setenv("HOME", "/home/a")
    assert files.at_home("~/b") == pathlib.Path("/home/a/b")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert files.at_home("~/b") == pathlib.Path("~/b")


@pytest.mark.parametrize("name", [*map(os.fsencode, ODD), b"\xff\xe9.e"])
def test_images_are_written_and_read_under_any_name(name, tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    path = tmp_path / os.fsdecode(name + b".png")
    files.write_image(path, image)
    found = image_files.read_photograph(image_files.image_file(path))
    np.testing.assert_array_equal(found, image)
    listed = image_files.find_images([tmp_path]).images
    assert [file.path for file in listed] == [path]


def test_reports_hold_names_that_are_no_text(tmp_path):
    name = os.fsdecode(b"\xff.png")
    text = json.dumps({name: 1}, ensure_ascii=False)
    files.write_text(tmp_path / "a.json", text)
    content = (tmp_path / "a.json").read_text("utf-8")
    assert json.loads(content) == {name: 1}
    files.write_text(tmp_path / "a.csv", f"file,x\n{name},1\n")
    rows = csv.reader((tmp_path / "a.csv").read_text("utf-8").splitlines())
    assert list(rows)[1] == ["\\udcff.png", "1"]


def test_a_job_takes_maps_whose_names_are_no_text(tmp_path):
    from migan_tf.synthesis import job  # TensorFlow; few need it here.
    from migan_tf.synthesis.store import LocalStore

    identity = {"vessel_maps": {os.fsdecode(b"\xff.png"): "ab"}}
    store = LocalStore(tmp_path)
    for _ in range(2):  # It is begun, and gone on with.
        job.claim(store, identity)
    assert json.loads(store.read(job.JOB)) == identity


def test_a_long_name_has_a_temporary_file(tmp_path):
    path = tmp_path / ("n" * 240 + ".png")
    files.write_image(path, np.zeros((2, 2), np.uint8))
    assert path.exists()


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff--seed=1\n--output=×\n".encode(),
        "--seed=1\r\n--output=×\r\n".encode(),
        "--seed=1\n--output=×\n".encode("utf-16"),
        "--seed=1\r\n--output=×\r\n".encode("utf-16-be").join(
            [b"\xfe\xff", b""]
        ),
    ],
)
def test_flagfiles_of_other_editors_are_read(content, tmp_path):
    path = tmp_path / "a.flags"
    path.write_bytes(content)
    assert flagfiles.expand([f"--flagfile={path}"]) == [
        "--seed=1",
        "--output=×",
    ]


def test_a_flagfile_of_another_encoding_is_named(tmp_path):
    path = tmp_path / "a.flags"
    path.write_bytes(b"--output=\xd7\n")
    with pytest.raises(UserError, match="a.flags is not readable.*Next.*UTF-8"):
        flagfiles.expand([f"--flagfile={path}"])


@pytest.mark.slow
def test_an_ascii_console_shows_everything(tmp_path):
    """Help with σ, a flagfile with ×, and a file's name in Latin-1."""
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONUTF8": "0"}
    env["PYTHONPATH"] = str(ROOT)

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            capture_output=True,
            cwd=tmp_path,
            env=env,  # Without a home, too.
            timeout=300,
        )

    helped = run("migan_tf.synthesize", "--help")
    assert b"Traceback" not in helped.stderr and b"--seed" in helped.stdout
    (tmp_path / "a.flags").write_bytes("--output=×.csv\n".encode())
    vessel_map = np.zeros((64, 64), np.uint8)
    vessel_map[30:33] = 255
    files.write_image(tmp_path / os.fsdecode(b"\xe9.png"), vessel_map)
    (tmp_path / os.fsdecode(b"\xe8.txt")).write_text("no image")
    result = run("migan_tf.measure", ".", "--flagfile=a.flags")
    assert result.returncode == 1, result.stderr
    assert b"Traceback" not in result.stderr
    assert b"\\udce8.txt: no image" in result.stderr
    assert "\\udce9.png" in (tmp_path / "×.csv").read_text("utf-8")


PATTERN = (
    "a [1]*? {b} 'c'"  # which TensorFlow takes for a pattern, and a shell, too
)


def test_training_goes_on_in_a_folder_named_like_a_pattern(tmp_path):
    from migan_tf.training.checkpoint import Checkpoints
    from tests import small_state

    folder = tmp_path / PATTERN / "segmentation"
    state = small_state.make_state(1)
    checkpoints = Checkpoints(folder, state, 1)
    for _ in range(3):
        small_state.train(state, 1)
        checkpoints.save()
    assert checkpoints.steps() == [3]  # The others were found and removed.
    again = small_state.make_state(2)
    assert Checkpoints(folder, again, 1).restore() == 3
    for found, wanted in zip(
        again.network.variables, state.network.variables, strict=True
    ):
        np.testing.assert_array_equal(found.numpy(), wanted.numpy())


@pytest.mark.slow
def test_a_saved_model_in_a_folder_named_like_a_pattern(served, tmp_path):
    import migan_tf
    from migan_tf.phantom.retina import phantom_retina

    moved = tmp_path / PATTERN / "migan_segmentation"
    shutil.copytree(served["segmentation"].parent, moved)
    fundus = phantom_retina(90, 90, seed=3).fundus
    found = migan_tf.load_segmenter(str(moved))(fundus)
    wanted = migan_tf.load_segmenter(str(served["segmentation"]))(fundus)
    np.testing.assert_array_equal(
        found.vessel_probability, wanted.vessel_probability
    )
