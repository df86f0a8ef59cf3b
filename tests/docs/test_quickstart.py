"""The notebook: its shape, and that its cells do what they say."""

import ast
import json
import pathlib

import matplotlib.pyplot as plt
import pytest

NOTEBOOK = pathlib.Path(__file__).resolve().parents[2] / "docs/quickstart.ipynb"


@pytest.fixture(scope="module")
def notebook():
    return json.loads(NOTEBOOK.read_text("utf-8"))


def code(notebook):
    return [
        "".join(cell["source"])
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]


def test_it_is_a_notebook_without_outputs(notebook):
    assert notebook["nbformat"] == 4
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert "colab" in notebook["metadata"]
    for cell in notebook["cells"]:
        assert cell["cell_type"] in ("code", "markdown")
        assert all(line.endswith("\n") for line in cell["source"][:-1])
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None


def test_its_first_cell_installs_only_what_is_missing(notebook, monkeypatch):
    import importlib.util
    import subprocess

    called = []
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: called.append(command)
    )
    exec(code(notebook)[0], {})
    assert called == []
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    exec(code(notebook)[0], {})
    assert called[0][1:] == ["-m", "pip", "install", "--quiet", "migan-tf"]


@pytest.mark.slow
def test_its_cells_segment_score_and_paint(notebook, monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append(plt.gcf()))
    names = {}
    for cell in code(notebook):
        exec(compile(ast.parse(cell), "quickstart", "exec"), names)
    assert len(shown) == 4 and all(figure.axes for figure in shown)
    assert names["scores"].dice_otsu > 0.7
    assert names["scores"].auc_roc > 0.95
    assert names["painted_scores"].dice_otsu > 0.6
    assert len(names["images"]) == 3
    assert "Otsu (headline)" in capsys.readouterr().out
