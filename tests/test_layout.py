"""The house rules of CONTRIBUTING.md, read from the source with `ast`."""

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
CODE_FOLDERS = ("migan_tf", "datasets", "export", "benchmarks", "tests")
TEXT_FOLDERS = (*CODE_FOLDERS, "experiments", "docs", ".ci")
TEXT_SUFFIXES = set(
    " .py .md .toml .txt .flags .bib .tsv .csv .json .sh .yml .pb".split(" ")
)
BARE_WORDS = {"mask", "label", "img", "pred"}

# A folder of migan_tf/ and those that it may import, the one contract that
# each folder has. What stands on top of them, the commands, imports all.
CONTRACTS = {
    "base": set(),
    "phantom": set(),
    "models": {"base"},
    "metrics": {"base"},
    "vessel_maps": {"base", "phantom"},
    "data": {"base", "models"},
    "inference": {"base", "models", "metrics", "data"},
    "training": {"base", "models", "metrics", "data", "inference"},
    "evaluation": {"base", "models", "metrics", "data", "inference"},
    "synthesis": {"base", "metrics", "vessel_maps", "data", "inference"},
    "utility_study": {"base", "metrics", "data"},
    "measurement": {"base", "vessel_maps", "inference"},
    "api": {"base", "inference", "training", "evaluation"},
}


def imported_names(tree: ast.Module, package: str = "") -> set[str]:
    """Full names of what is imported anywhere in a file, lazily or not.

    `from a import b` counts as both `a` and `a.b`, since `b` may be a module;
    a relative import is taken from `package`.
    """
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = [package] if node.level else []
            base = ".".join(parts + ([node.module] if node.module else []))
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return names


FILES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8"))
    for folder in CODE_FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
}
COMMANDS = {
    name.split("/")[1].removesuffix(".py")
    for name in FILES
    if name.startswith("migan_tf/") and name.count("/") == 1
} - {"__init__"}


def imports_below(folder: str) -> set[str]:
    """Full names of what the files of one folder import."""
    return {
        name
        for path, tree in FILES.items()
        if path.startswith(f"{folder}/")
        for name in imported_names(tree, folder.split("/")[0])
    }


def test_every_folder_has_its_contract():
    folders = {path.parent.name for path in ROOT.glob("migan_tf/*/__init__.py")}
    assert folders == CONTRACTS.keys()


@pytest.mark.parametrize("folder", CONTRACTS)
def test_a_folder_imports_only_what_its_contract_allows(folder):
    ours = {
        name.split(".")[1]
        for name in imports_below(f"migan_tf/{folder}")
        if name.startswith("migan_tf.")
    }
    assert ours & CONTRACTS.keys() <= CONTRACTS[folder] | {folder}
    assert not ours & COMMANDS


def test_networks_and_losses_know_no_settings():
    names = imports_below("migan_tf/models")
    ours = {name for name in names if name.startswith("migan_tf.base.")}
    assert {name.split(".")[2] for name in ours} <= {"errors"}


def test_metrics_know_no_tensorflow():
    tops = {name.split(".")[0] for name in imports_below("migan_tf/metrics")}
    assert not tops & {"tensorflow", "keras", "tensorflow_datasets"}


def test_the_package_imports_nothing_beside_it():
    beside = {"export", "tests", "benchmarks", "experiments"}
    beside |= {
        path.parent.name for path in ROOT.glob("datasets/*/*_builder.py")
    }
    tops = {name.split(".")[0] for name in imports_below("migan_tf")}
    # `datasets` alone may be the package of Hugging Face.
    assert not tops & (beside | {"datasets"})


def test_builders_import_only_what_reads_files_and_draws():
    """Those of DRIVE and STARE nothing that would import TensorFlow."""
    allowed = {"base", "data", "phantom"}
    for path, tree in FILES.items():
        if not path.startswith("datasets/"):
            continue
        names = imported_names(tree, "builder")
        ours = {n.split(".")[1] for n in names if n.startswith("migan_tf.")}
        few = path.startswith(("datasets/drive/", "datasets/stare/"))
        assert ours <= ({"base"} if few else allowed), path
    assert "datasets/__init__.py" not in FILES  # shadows another's package


def test_a_command_parses_and_calls():
    logic = (ast.ClassDef, ast.For, ast.While, ast.Try, ast.With)
    for command in COMMANDS:
        tree = FILES[f"migan_tf/{command}.py"]
        found = [node for node in ast.walk(tree) if isinstance(node, logic)]
        assert not found, f"{command}.py, line {found[0].lineno}"


def test_no_call_passes_more_than_three_arguments_by_position():
    for path, tree in FILES.items():
        if path.startswith("tests/") or path.endswith("_test.py"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and not known_elsewhere(node.func):
                assert len(node.args) <= 3, f"{path}, line {node.lineno}"


def known_elsewhere(function) -> bool:
    """Whether a library's function takes any number of arguments."""
    name = getattr(function, "attr", getattr(function, "id", ""))
    return name in {"zip", "map", "print", "join", "Path"}


def test_no_bare_words():
    for path, tree in FILES.items():
        nodes = list(ast.walk(tree))
        names = {node.arg for node in nodes if isinstance(node, ast.arg)}
        names |= {node.id for node in nodes if isinstance(node, ast.Name)}
        assert not names & BARE_WORDS, path
        assert not path.endswith("utils.py")


def test_no_path_of_somebodys_machine():
    pattern = re.compile(r"(?<![\w.~}>-])/(?:work|tmp|root)\b|\.\./share[d]")
    files = [p for p in ROOT.iterdir() if p.is_file() and p.name != ".git"]
    for folder in TEXT_FOLDERS:
        files += [p for p in (ROOT / folder).rglob("*") if p.is_file()]
    for path in files:
        if path.suffix in TEXT_SUFFIXES and "__pycache__" not in path.parts:
            found = pattern.search(path.read_text("utf-8", "replace"))
            assert not found, f"{path.relative_to(ROOT)}: {found.group()}"
