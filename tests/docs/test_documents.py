"""What documents and their scripts refer to exists.

That is files, links, headings, and names of code; the scripts, of which few are
run by a test, at least find every name that they take from the package.
"""

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted(ROOT.glob("docs/*.md")),
    ROOT / "benchmarks" / "README.md",
]
SCRIPTS = sorted([*ROOT.glob("docs/*.py"), *ROOT.glob("benchmarks/*.py")])
FOLDERS = {path.parent.name for path in ROOT.glob("migan_tf/*/__init__.py")}
TOPS = "migan_tf datasets experiments export tests docs benchmarks".split()
FILES = (".json", ".jsonl", ".flags", ".csv", ".txt", ".png")
every_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)


def defined(tree) -> dict:
    """{name: its node} of what the body of a module or class defines."""
    found = {}
    for node in getattr(tree, "body", ()):
        targets = getattr(node, "targets", [getattr(node, "target", node)])
        if isinstance(node, ast.ImportFrom):
            targets = node.names
        for target in targets:
            name = getattr(target, "id", getattr(target, "name", None))
            found[getattr(target, "asname", None) or name] = node
    return found


def exists(reference) -> bool:
    """Whether FOLDER.FILE[.NAME[.NAME]] below migan_tf/ is there."""
    folder, file, *names = reference.split(".")
    path = ROOT / "migan_tf" / folder / f"{file}.py"
    if not path.exists():
        return False
    node = ast.parse(path.read_text("utf-8"))
    for name in names:
        node = defined(node).get(name)
    return node is not None


def taken(script) -> set[str]:
    """FOLDER.FILE[.NAME] of what a script imports and uses of migan_tf."""
    tree = ast.parse(script.read_text("utf-8"))
    modules = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
        if node.module.startswith("migan_tf.")
    }
    used = {
        f"{modules[node.value.id]}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and getattr(node.value, "id", None) in modules
        and modules[node.value.id].count(".") == 2
    }
    names = used | set(modules.values())
    return {name.removeprefix("migan_tf.") for name in names}


def anchors(document) -> set[str]:
    """The anchors that GitHub gives to the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", document.read_text("utf-8"), re.M)
    texts = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {text.replace(" ", "-") for text in texts}


@every_document
def test_names_of_code_are_there(document):
    words = re.findall(r"`([a-z_]+\.[\w.]+)`", document.read_text("utf-8"))
    words = {word for word in words if not word.endswith(FILES)}
    named = {word for word in words if word.split(".")[0] in FOLDERS}
    assert [name for name in sorted(named) if not exists(name)] == []


@every_document
def test_paths_are_there(document):
    # Up to where a placeholder begins, as in runs/NAME_$SEED.
    pattern = rf"(?<![\w/.])(?:{'|'.join(TOPS)})/[\w./-]*\w(?![\w$<*{{-])"
    paths = set(re.findall(pattern, document.read_text("utf-8")))
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


@every_document
def test_links_lead_somewhere(document):
    links = re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8"))
    for link in links:
        if link.startswith("http"):
            continue
        place, _, anchor = link.partition("#")
        target = (document.parent / place).resolve() if place else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize(
    "script", SCRIPTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_names_that_a_script_takes_are_there(script):
    assert [name for name in sorted(taken(script)) if not exists(name)] == []
