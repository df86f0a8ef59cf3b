"""The commands that messages print can be run as they are printed."""

import pathlib
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from migan_tf.data import inspection

ROOT = pathlib.Path(__file__).resolve().parents[2]
DUMMIES = ("drive", "stare", "folder")
COMMAND = re.compile(r"python -m migan_tf\.\w+ .*")
# What `migan_tf.train` does with its flags before TensorFlow is imported.
PARSE = """
import sys
from absl import flags
from migan_tf.base import config_flags, flagfiles
config_flags.define_flags()
left = flags.FLAGS([sys.argv[0], *flagfiles.expand(sys.argv[1:])])
(config,) = config_flags.runs_from_flags()
print(left[1:], config.dataset, config.manual_dir, config.workdir, sep="|")
"""


def dummy(name, folder):
    """A folder with all files of a dataset, of an awkward name."""
    place = folder / f"my {name}'s files"
    shutil.copytree(ROOT / "datasets" / name / "dummy_data", place)
    return place


def damage(place):
    """Takes away half of the first file that is an image or an archive."""
    kinds = {".zip", ".tar", ".png"}
    first = next(p for p in sorted(place.rglob("*")) if p.suffix in kinds)
    first.write_bytes(first.read_bytes()[: first.stat().st_size // 2])


def report(place) -> str:
    return inspection.describe(inspection.inspect(str(place)), str(place))


def called(*arguments):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert "Traceback" not in done.stderr
    return done


def check(text, place):
    """Runs each command of a text, of train the part before TensorFlow."""
    commands = [shlex.split(one) for one in COMMAND.findall(text)]
    assert commands
    for python, dash, module, *arguments in commands:
        assert (python, dash) == ("python", "-m")
        if module == "migan_tf.doctor":
            done = called("-m", module, *arguments)
            assert done.returncode in (0, 2) and "error:" not in done.stderr
            continue
        assert module == "migan_tf.train"
        done = called("-c", PARSE, *arguments)
        assert done.returncode == 0, done.stderr
        left, dataset, manual_dir, workdir = done.stdout.strip().split("|")
        assert left == "[]" and workdir == f"runs/{dataset}"
        assert manual_dir == str(place)
    return [command[2] for command in commands]


@pytest.mark.parametrize("name", DUMMIES)
def test_of_the_doctor(name, tmp_path):
    place = dummy(name, tmp_path)
    text = report(place)
    assert f"{name} can be built" in text
    assert check(text, place) == ["migan_tf.train"]


@pytest.mark.parametrize("name", DUMMIES)
def test_of_the_doctor_about_damage(name, tmp_path):
    place = dummy(name, tmp_path)
    damage(place)
    text = report(place)
    assert f"{name} cannot be built" in text
    assert check(text, place)[0] == "migan_tf.doctor"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["drive", "chase_db1", "hrf", "folder"])
def test_of_the_builders(name, tmp_path):
    from migan_tf.base.errors import UserError
    from migan_tf.data import prepared

    place = tmp_path / "it is empty"
    place.mkdir()
    (place / "notes.txt").write_text("nothing")
    with pytest.raises(UserError) as caught:
        prepared.ensure_prepared(name, str(tmp_path / "data"), str(place))
    text = str(caught.value)
    modules = check(text, place)
    assert modules == ["migan_tf.doctor", "migan_tf.train"]
