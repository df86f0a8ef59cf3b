"""`python -m migan_tf.measure`: what its table holds, and what it refuses."""

import csv
import math
import os
import pathlib
import subprocess
import sys

import cv2
import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.inference import model_folder
from migan_tf.measurement import measure_files
from migan_tf.measurement.flags import Settings
from migan_tf.phantom.retina import phantom_retina
from migan_tf.vessel_maps import statistics

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture
def bars(tmp_path):
    """A map with a bar 3 and one 9 pixels wide in a disc of radius 100."""
    plane = np.zeros((240, 260), np.uint8)
    plane[80:83, 60:200] = plane[140:149, 60:200] = 255
    disc = np.zeros_like(plane)
    cv2.circle(disc, (130, 120), 100, color=255, thickness=-1)
    cv2.imwrite(str(tmp_path / "bars.png"), plane)
    (tmp_path / "fov").mkdir()
    cv2.imwrite(str(tmp_path / "fov" / "bars_mask.png"), disc)
    return tmp_path


def measure(folder, *names, model=None, **settings):
    """The exit status and the rows of the table, text by column."""
    settings = Settings(output=str(folder / "out.csv"), **settings)
    paths = [folder / name for name in names]
    status = measure_files.measure_files(paths, model, settings)
    if not (folder / "out.csv").exists():
        return status, []
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        return status, list(csv.DictReader(file))


def test_the_columns_of_a_map_in_their_units(bars):
    status, (row,) = measure(
        bars,
        "bars.png",
        fov_masks=str(bars / "fov"),
        pixel_size=5.0,
        wide_from=0.03,
    )
    assert status == 0
    area = np.count_nonzero(cv2.imread(str(bars / "fov/bars_mask.png"), 0))
    diameter = math.sqrt(4 * area / math.pi)
    assert row["file"] == str(bars / "bars.png")
    assert (row["read_as"], row["fov"]) == ("map", "given")
    assert (row["height_px"], row["width_px"]) == ("240", "260")
    number = {name: float(row[name]) for name in list(row)[5:]}
    assert number["fov_diameter_px"] == pytest.approx(diameter, rel=1e-5)
    assert number["wide_from_px"] == pytest.approx(0.03 * diameter, rel=1e-5)
    # Each 140 pixels long; a width is between a bar's own and half a pixel
    # more, and less at its ends.
    assert number["thin_density_share_of_fov"] == pytest.approx(
        3 * 140 / area, rel=1e-5
    )
    assert number["wide_density_share_of_fov"] == pytest.approx(
        9 * 140 / area, rel=1e-5
    )
    assert number["density_share_of_fov"] == pytest.approx(
        12 * 140 / area, rel=1e-5
    )
    assert number["thin_calibre_px"] == pytest.approx(3.5, abs=0.2)
    assert number["wide_calibre_px"] == pytest.approx(9.5, abs=0.4)
    assert number["calibre_px"] == pytest.approx(6.5, abs=0.3)
    for name in ("tortuosity_arc_over_chord_minus_1",):
        assert abs(number[name]) < 1e-3
    assert number["branching_junctions_per_fov_diameter"] == 0
    # 5 micrometres a pixel.
    for name in [name for name in number if name.endswith("_um")]:
        in_pixels = number[name.removesuffix("um") + "px"]
        assert number[name] == pytest.approx(5 * in_pixels, rel=1e-4)
    assert "wide_calibre_um" in number


def test_a_map_without_a_mask_is_measured_in_its_frame_and_that_is_said(
    bars, capsys
):
    status, (row,) = measure(bars, "bars.png")
    assert status == 0 and row["fov"] == "frame"
    found = float(row["density_share_of_fov"])
    assert found == pytest.approx(12 * 140 / (240 * 260), rel=1e-5)
    assert (
        "1 maps were measured over the whole frame" in capsys.readouterr().err
    )


def test_a_mean_of_nothing_is_an_empty_cell(bars):
    _, (row,) = measure(bars, "bars.png", wide_from=1.0)
    assert row["wide_calibre_px"] == ""
    assert row["wide_density_share_of_fov"] == "0"


def test_one_mask_for_all(bars):
    (bars / "again").mkdir()
    for name in ("bars.png", "other.png"):
        (bars / "again" / name).write_bytes((bars / "bars.png").read_bytes())
    fov_mask = str(bars / "fov" / "bars_mask.png")
    status, rows = measure(bars, "again", fov_masks=fov_mask)
    assert status == 0 and [row["fov"] for row in rows] == ["given"] * 2


def test_what_is_skipped_is_named_and_the_others_are_measured(bars, capsys):
    grey = np.tile(np.arange(200, dtype=np.uint8), (150, 1))
    cv2.imwrite(str(bars / "grey.png"), grey)
    cv2.imwrite(str(bars / "small.png"), np.eye(8, dtype=np.uint8))
    (bars / "broken.png").write_bytes(b"no picture")
    fov_mask = str(bars / "fov" / "bars_mask.png")
    names = ("grey.png", "small.png", "broken.png", "bars.png")
    status, rows = measure(bars, *names, fov_masks=fov_mask)
    assert status == 1 and [row["file"] for row in rows] == [
        str(bars / "bars.png")
    ]
    told = capsys.readouterr().err
    assert "grey.png must hold two values" in told
    assert "--read_as=photograph" in told
    assert "small.png: its FOV mask" in told and "8 × 8" in told
    assert "broken.png is not readable" in told


def test_other_files_and_folders_are_named(bars, capsys):
    (bars / "notes.txt").write_text("bars")
    status, rows = measure(bars, ".")
    told = capsys.readouterr().err
    assert status == 1 and len(rows) == 1
    assert "notes.txt: no image" in told
    assert f"not searched: {bars / 'fov'}" in told and "--recursive" in told
    measure(bars, ".", recursive=True)
    told = capsys.readouterr()
    assert "of 2 measured" in told.out and "not searched" not in told.err


def test_with_nothing_measured_there_is_no_table(bars):
    (bars / "broken.png").write_bytes(b"no picture")
    assert measure(bars, "broken.png") == (1, [])


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"fov_masks": "none"}, "--fov_masks must be a folder"),
        ({"output": "."}, "--output must be a file that can be written"),
    ],
)
def test_settings_at_fault_are_refused_before_the_work(bars, settings, words):
    given = {"output": str(bars / "out.csv"), **settings}
    with pytest.raises(UserError, match=words):
        measure_files.measure_files(
            [bars / "bars.png"], None, Settings(**given)
        )
    assert not (bars / "out.csv").exists()


def test_a_photograph_is_segmented_first(tiny_run, tmp_path):
    retina = phantom_retina(150, 160, seed=4)
    cv2.imwrite(str(tmp_path / "eye.jpg"), retina.fundus[..., ::-1])
    cv2.imwrite(str(tmp_path / "mask.png"), retina.fov_mask)
    model = model_folder.find("segmentation", str(tiny_run))
    status, (row,) = measure(tmp_path, "eye.jpg", model=model)
    assert status == 0
    assert (row["read_as"], row["fov"]) == ("photograph", "found")
    from migan_tf.inference.load import load_segmenter

    fundus = cv2.imread(str(tmp_path / "eye.jpg"))[..., ::-1].copy()
    found = load_segmenter(model)(fundus)
    expected = statistics.measure(found.vessel_map, found.fov_mask)
    share = float(row["density_share_of_fov"])
    assert share == pytest.approx(expected.density, rel=1e-4)
    _, (row,) = measure(
        tmp_path, "eye.jpg", model=model, fov_masks=str(tmp_path / "mask.png")
    )
    area = np.count_nonzero(retina.fov_mask)
    assert row["fov"] == "given"
    assert float(row["fov_diameter_px"]) == pytest.approx(
        math.sqrt(4 * area / math.pi), rel=1e-5
    )
    # A grey photograph of a fundus, too, where that is said.
    grey = cv2.imread(str(tmp_path / "eye.jpg"), 0)
    cv2.imwrite(str(tmp_path / "grey.png"), grey)
    status, (row,) = measure(
        tmp_path, "grey.png", model=model, read_as="photograph"
    )
    assert status == 0 and row["read_as"] == "photograph"


def test_the_command_measures_maps_without_tensorflow(bars):
    done = subprocess.run(
        [
            *(sys.executable, "-X", "importtime", "-m", "migan_tf.measure"),
            *("bars.png", "--output=o/m.csv", "--fov_masks=fov"),
        ],
        capture_output=True,
        text=True,
        cwd=bars,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "1 of 1 measured, in o/m.csv" in done.stdout
    modules = {
        line.rpartition("|")[2].strip() for line in done.stderr.splitlines()
    }
    assert "scipy.stats" in modules and "tensorflow" not in modules
    assert len((bars / "o" / "m.csv").read_text().splitlines()) == 2
