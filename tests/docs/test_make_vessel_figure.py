"""The figure and the table of `docs/make_vessel_figure.py`, in a process."""

import cv2
import pytest

from tests.docs.docs_scripts import run

SCRIPT = "make_vessel_figure.py"


@pytest.mark.slow
def test_the_table_and_the_figure_of_phantom_maps(tiny_flags, tmp_path):
    chosen = [f for f in tiny_flags if f.startswith(("--dataset", "--data_"))]
    output = tmp_path / "vessels.png"
    done = run(SCRIPT, *chosen, "--maps=2", f"--output={output}")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split("|")[1].strip().split(",")[0] for line in lines[2:]] == [
        "mean: real",
        "mean: deformed",
        "mean: procedural",
        "distance: real",
        "distance: deformed to real",
        "distance: procedural to real",
    ]
    cells = [line.split("|")[2:-1] for line in lines[2:]]
    assert all(float(cell) > 0 for row in cells for cell in row)
    assert cv2.imread(str(output)).shape == (480, 640, 3)
