"""The house rules of CONTRIBUTING.md, read from the source with `ast`."""

import ast
import pathlib
import re
import sys

import pytest

from tests.floors import FAMILIES, FLOORS

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "migan_tf"
CODE_FOLDERS = ("migan_tf", "datasets", "export", "benchmarks", "tests")
TEXT_FOLDERS = (*CODE_FOLDERS, "experiments", "docs", ".ci")
TEXT_SUFFIXES = set(
    " .py .md .toml .txt .flags .bib .tsv .csv .json .sh .yml .pb".split(" ")
)

# Written to be read, tested and reused alone: plain numbers, no Config.
ALONE = set(
    "augment averaging discriminator generator layers losses metrics realism "
    "segmenter style style_losses style_weights views".split()
)
BARE_WORDS = {"mask", "label", "img", "pred"}


def is_entry(tree: ast.Module) -> bool:
    """Whether a module ends with `if __name__ == "__main__":`."""
    ends = [n for n in tree.body if isinstance(n, ast.If)]
    return any(ast.unparse(n.test) == "__name__ == '__main__'" for n in ends)


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
MODULES = {
    pathlib.Path(name).stem: tree
    for name, tree in FILES.items()
    if name.startswith("migan_tf/") and not name.endswith("__init__.py")
}
ENTRIES = {name for name, tree in MODULES.items() if is_entry(tree)}
LIBRARY = sorted(MODULES.keys() - ENTRIES)


def our_imports(name: str) -> set[str]:
    names = imported_names(MODULES[name], "migan_tf")
    ours = {n.split(".")[1] for n in names if n.startswith("migan_tf.")}
    return ours & MODULES.keys()


def family(name: str) -> str:
    """The module whose place `name` shares: mostly its own."""
    return next((f for f in FAMILIES if name.startswith(f"{f}_")), name)


def floor(name: str) -> int:
    places = [i for i, names in enumerate(FLOORS) if family(name) in names]
    assert len(places) == 1, f"{name}.py needs one place in tests/floors.py"
    return places[0]


@pytest.mark.parametrize("name", LIBRARY)
def test_imports_point_down(name):
    wrong = {
        other
        for other in our_imports(name) - ENTRIES
        if family(other) != family(name) and floor(other) >= floor(name)
    }
    assert not wrong, f"migan_tf/{name}.py must not import {sorted(wrong)}"


@pytest.mark.parametrize("name", sorted(ALONE & MODULES.keys()))
def test_networks_and_losses_stand_alone(name):
    assert our_imports(name) <= {"layers", "errors", "style_weights"}


def test_nobody_imports_an_entry():
    for path, tree in FILES.items():
        package = path.split("/")[0]
        entries = {f"migan_tf.{name}" for name in ENTRIES}
        assert not imported_names(tree, package) & entries, path


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_an_entry_parses_and_calls(name):
    lines = (PACKAGE / f"{name}.py").read_text("utf-8").splitlines()
    assert len(lines) < 70
    logic = (ast.ClassDef, ast.For, ast.While, ast.Try, ast.With)
    found = [n for n in ast.walk(MODULES[name]) if isinstance(n, logic)]
    assert not found, f"line {found[0].lineno} belongs in a library module"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_the_package_imports_nothing_beside_it(name):
    beside = {"export", "tests", "datasets", "benchmarks", "experiments"}
    beside |= {
        path.parent.name for path in ROOT.glob("datasets/*/*_builder.py")
    }
    tops = {n.split(".")[0] for n in imported_names(MODULES[name], "migan_tf")}
    assert not tops & beside


def test_only_the_phantom_builder_imports_the_package():
    for path, tree in FILES.items():
        names = imported_names(tree, "builder")
        ours = {n for n in names if n.split(".")[0] == "migan_tf"}
        if path.startswith("datasets/phantom/"):
            ours = {n for n in ours if not n.startswith("migan_tf.phantom")}
            assert ours <= {"migan_tf"}, path
        elif path.startswith("datasets/"):
            assert not ours, path
    assert "datasets/__init__.py" not in FILES  # shadows another's package


def test_metrics_know_numpy_and_scikit_learn_only():
    tops = {n.split(".")[0] for n in imported_names(MODULES["metrics"])}
    assert tops - sys.stdlib_module_names <= {"numpy", "sklearn"}


# `errors` holds one exception class without a body.
@pytest.mark.parametrize("name", sorted(MODULES.keys() - {"errors"}))
def test_every_module_has_its_test(name):
    assert (ROOT / "tests" / f"test_{name}.py").exists()


@pytest.mark.parametrize("path", sorted(FILES))
def test_a_file_is_short_and_says_what_it_holds(path):
    text = (ROOT / path).read_text("utf-8")
    assert len(text.splitlines()) <= 200
    assert not path.endswith("utils.py")


@pytest.mark.parametrize("path", sorted(FILES))
def test_no_bare_words(path):
    nodes = list(ast.walk(FILES[path]))
    names = {n.arg for n in nodes if isinstance(n, ast.arg)}
    names |= {n.id for n in nodes if isinstance(n, ast.Name)}
    assert not names & BARE_WORDS


def test_the_readme_maps_every_module():
    readme = (ROOT / "README.md").read_text("utf-8")
    named = set(re.findall(r"(\w+)\.py\b", readme))
    assert not MODULES.keys() - named


def test_no_path_of_somebodys_machine():
    pattern = re.compile(r"(?<![\w.~}>-])/(?:work|tmp|root)\b|\.\./share[d]")
    files = [p for p in ROOT.iterdir() if p.is_file() and p.name != ".git"]
    for folder in TEXT_FOLDERS:
        files += [p for p in (ROOT / folder).rglob("*") if p.is_file()]
    for path in files:
        if path.suffix in TEXT_SUFFIXES and "__pycache__" not in path.parts:
            found = pattern.search(path.read_text("utf-8", "replace"))
            assert not found, f"{path.relative_to(ROOT)}: {found.group()}"
