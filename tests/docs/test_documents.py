"""What documents and their scripts refer to exists.

That is files, links, headings, and names of code. Few of the scripts are run by
a test; this one holds that the names which they take from the package are there
and have the arguments that they are called with.
"""

import ast
import functools
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


@functools.cache
def find(reference):
    """The node of FOLDER.FILE[.NAME[.NAME]] below migan_tf/, or None."""
    folder, file, *names = reference.split(".")
    path = ROOT / "migan_tf" / folder / f"{file}.py"
    if not path.exists():
        return None
    node = ast.parse(path.read_text("utf-8"))
    for name in names:
        node = defined(node).get(name)
    return node


def references(script) -> dict:
    """{FOLDER.FILE[.NAME]: nodes} of what a script takes from migan_tf."""
    tree = ast.parse(script.read_text("utf-8"))
    imported = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
        if node.module.startswith("migan_tf.")
    }
    found = {name: [] for name in imported.values()}
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else node
        name = imported.get(getattr(called, "id", None))
        module = imported.get(getattr(getattr(called, "value", 0), "id", None))
        if module and module.count(".") == 2:
            name = f"{module}.{called.attr}"
        if name:
            found.setdefault(name, []).append(node)
    return {k.removeprefix("migan_tf."): v for k, v in found.items()}


def fits(call, function) -> bool:
    """Whether a function can be called as it is."""
    spread = [a for a in call.args if isinstance(a, ast.Starred)]
    spread += [k for k in call.keywords if k.arg is None]
    if spread or not isinstance(function, ast.FunctionDef):
        return True
    places = [a.arg for a in function.args.args]
    given = places[: len(call.args)] + [k.arg for k in call.keywords]
    known = places + [a.arg for a in function.args.kwonlyargs]
    optional = places[len(places) - len(function.args.defaults) :]
    optional += [
        argument.arg
        for argument, default in zip(
            function.args.kwonlyargs, function.args.kw_defaults, strict=True
        )
        if default is not None
    ]
    strange = set(given) - set(known) and not function.args.kwarg
    many = len(call.args) > len(places) and not function.args.vararg
    return not (strange or many or set(known) - set(given) - set(optional))


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
    assert [name for name in sorted(named) if not find(name)] == []


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
def test_what_a_script_takes_from_the_package_is_there(script):
    for name, nodes in references(script).items():
        assert find(name), name
        calls = [node for node in nodes if isinstance(node, ast.Call)]
        for call in calls:
            assert fits(call, find(name)), f"{name}, line {call.lineno}"
