"""What is declared, and what a wheel holds."""

import ast
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import cv2
import pytest

import migan_tf
from migan_tf.base import commands
from migan_tf.phantom.retina import phantom_retina
from tests import setup_arguments as running_setup

ROOT = pathlib.Path(__file__).resolve().parents[1]
CUSTOMERS_PACKAGES = {
    *("tensorflow", "tensorflow-datasets", "keras", "numpy", "opencv-python"),
    *("scikit-learn", "matplotlib", "absl-py"),
}
# Where the name to import is not the name to install.
DISTRIBUTIONS = {
    "apache_beam": "apache-beam",
    "PIL": "pillow",
    "absl": "absl-py",
    "cv2": "opencv-python",
    "google": "protobuf",
    "sklearn": "scikit-learn",
    "tensorflow_datasets": "tensorflow-datasets",
}


def declared(requirements) -> set[str]:
    """Package names of requirement lines, without versions."""
    return {re.match(r"[\w-]+", line).group() for line in requirements}


@pytest.fixture(scope="module")
def setup_arguments() -> dict:
    """What setup.py passes to setuptools."""
    return running_setup.setup_arguments()


def third_party_imports() -> set[str]:
    """Top-level names that the package and the builders import."""
    files = list((ROOT / "migan_tf").rglob("*.py"))
    files += (ROOT / "datasets").rglob("*_builder.py")
    names = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module)
    tops = {name.split(".")[0] for name in names}
    return tops - sys.stdlib_module_names - {"migan_tf"}


def test_the_customers_packages_are_declared(setup_arguments):
    assert CUSTOMERS_PACKAGES <= declared(setup_arguments["install_requires"])


def test_what_is_imported_is_declared(setup_arguments):
    needed = {DISTRIBUTIONS.get(name, name) for name in third_party_imports()}
    extras = setup_arguments["extras_require"]
    of_extra = declared(extras["beam"] + extras["dicom"])
    assert needed - of_extra <= declared(setup_arguments["install_requires"])
    # Each is asked for in words by the one module that imports it.
    assert needed & of_extra <= {"apache-beam", "pydicom"}


def test_each_requirement_has_a_lower_bound(setup_arguments):
    assert all(">=" in line for line in setup_arguments["install_requires"])


def test_one_version_everywhere(setup_arguments):
    assert setup_arguments["version"] == migan_tf.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"^## \[([^\]]+)\]", changelog, re.MULTILINE)
    assert newest.group(1) == migan_tf.__version__


def test_licence_is_the_apache_licence():
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License\n                           Version 2.0" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> pathlib.Path:
    """A wheel built from a copy, so that none is left here."""
    source = tmp_path_factory.mktemp("source") / "checkout"
    source.mkdir()
    for name in ("migan_tf", "datasets", "export", "experiments", "tests"):
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, source / name)
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--wheel-dir", str(source), str(source)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    (wheel,) = source.glob("*.whl")
    assert wheel.name.startswith(f"migan_tf-{migan_tf.__version__}-")
    return wheel


@pytest.fixture(scope="module")
def wheel_names(wheel) -> list[str]:
    """Paths inside the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.mark.slow
def test_a_wheel_holds_the_package_and_the_builders(wheel_names):
    for path in (ROOT / "migan_tf").rglob("*.py"):
        assert path.relative_to(ROOT).as_posix() in wheel_names
    for builder in ROOT.glob("datasets/*/*_dataset_builder.py"):
        inside = f"migan_tf/datasets/{builder.parent.name}"
        assert f"{inside}/{builder.name}" in wheel_names
        for name in ("README.md", "CITATIONS.bib", "TAGS.txt"):
            assert f"{inside}/{name}" in wheel_names


@pytest.mark.slow
def test_a_wheel_holds_what_is_no_code(wheel_names):
    flagfiles = [
        path.relative_to(ROOT).as_posix()
        for path in ROOT.glob("experiments/**/*.flags")
    ]
    assert flagfiles
    for name in (*flagfiles, "export/serving/models.config", "py.typed"):
        assert f"migan_tf/{name}" in wheel_names


@pytest.mark.slow
def test_a_wheel_holds_the_shipped_models(wheel_names):
    inside = {n for n in wheel_names if n.endswith("/saved_model.pb")}
    # One's own exports, which may lie beside them, stay out.
    names = sorted(pathlib.Path(name).parts[-3] for name in inside)
    assert names == running_setup.shipped_models()


@pytest.mark.slow
def test_a_wheel_installs_one_top_level_name(wheel_names):
    tops = {name.split("/")[0] for name in wheel_names}
    dist_info = f"migan_tf-{migan_tf.__version__}.dist-info"
    assert tops == {"migan_tf", dist_info}


@pytest.mark.slow
def test_a_wheel_leaves_tests_and_their_data_out(wheel_names):
    ours = [n for n in wheel_names if n.startswith("migan_tf/datasets/")]
    wrong = [n for n in wheel_names if "dummy_data" in n]
    wrong += [n for n in ours if n.endswith("_test.py")]
    assert not wrong


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> pathlib.Path:
    """A folder that the wheel is installed in, with nothing else."""
    place = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--no-deps"]
    command += ["--no-index", "--target", str(place), str(wheel)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return place


def call(installed, script, *arguments, elsewhere):
    """Calls a console script of the installed wheel from another folder."""
    return subprocess.run(
        [installed / "bin" / script, *arguments],
        capture_output=True,
        text=True,
        cwd=elsewhere,
        # Before an editable install, which the environment may have.
        env={**os.environ, "PYTHONPATH": str(installed)},
        timeout=300,
    )


@pytest.mark.slow
def test_an_installed_wheel_segments_from_anywhere(installed, tmp_path):
    retina = phantom_retina(200, 220, seed=3)
    cv2.imwrite(str(tmp_path / "eye.png"), retina.fundus[..., ::-1])
    done = call(
        installed, "migan-segment", "eye.png", "--output=o", elsewhere=tmp_path
    )
    assert done.returncode == 0, done.stderr
    found = cv2.imread(str(tmp_path / "o" / "eye_vessel_map.png"), 0) > 0
    truth = retina.vessel_map > 0
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.7


@pytest.mark.slow
def test_an_installed_wheel_has_its_flagfiles(installed, tmp_path):
    # It names another one that comes along.
    done = call(
        installed,
        "migan-train",
        "--flagfile=experiments/demo_delta.flags",
        "--workdir=run",
        "--data_dir=data",
        "--dry_run",
        elsewhere=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    for name in ("demo_delta", "demo"):
        own = installed / "migan_tf" / "experiments" / f"{name}.flags"
        assert f"not here, taken from {own}" in done.stderr
    assert "synthesis on phantom/demo" in done.stderr
    # `utility` trains by two of them.
    done = call(
        installed,
        "migan-utility",
        "--dataset=phantom/demo",
        "--data_dir=data",
        "--output=utility",
        "--dry_run",
        elsewhere=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "--flagfile=experiments/utility/generator.flags" in done.stdout


@pytest.mark.slow
def test_an_installed_wheel_has_all_commands(installed, tmp_path):
    for script in ("migan-client", "migan-export", "migan-measure"):
        done = call(installed, script, "--help", elsewhere=tmp_path)
        assert done.returncode == 0 and done.stderr == ""
        assert "--output" in done.stdout or "--export_dir" in done.stdout
    done = call(
        installed, "migan-client", "--segment=a.png", elsewhere=tmp_path
    )
    assert done.returncode == 2
    assert done.stderr == "error: --output is required. Received: ''\n"


def test_each_command_has_a_script(setup_arguments):
    scripts = setup_arguments["entry_points"]["console_scripts"]
    names = [line.partition(" = ")[0] for line in scripts]
    assert names == [f"migan-{command}" for command in commands.modules()]
    assert {line.partition(" = ")[2] for line in scripts} == {
        "migan_tf.__main__:console"
    }
