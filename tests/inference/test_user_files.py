"""One's own photographs and maps: all kinds of files in, results out."""

import json
import re

import cv2
import numpy as np
import pytest
from PIL import Image

from migan_tf.base.config import Config
from migan_tf.base.errors import UserError
from migan_tf.data.fov import find_fov_mask
from migan_tf.inference import run_networks, user_files
from migan_tf.inference.contrast import ContrastRange
from migan_tf.inference.model_folder import open_folder
from migan_tf.phantom.retina import phantom_retina
from tests.delta_parts import (
    COMMON_FOV,
    contrast_of,
    has_colour,
    write_delta_run,
    write_photograph,
)


@pytest.fixture(scope="module")
def retina():
    return phantom_retina(120, 150, 3)


def write(path, image):
    assert cv2.imwrite(str(path), image)
    return path


def read(path):
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None, path
    return image


def test_segment_writes_three_pictures_at_the_photographs_size(
    tiny_run, retina, tmp_path, capsys
):
    photograph = write(tmp_path / "eye.png", retina.fundus[..., ::-1])
    output = tmp_path / "out"
    folder = open_folder(tiny_run / "segmentation", "segmentation")
    assert user_files.segment_files([photograph], folder, output) == 0
    assert sorted(p.name for p in output.iterdir()) == [
        "eye_overlay.png",
        "eye_vessel_map.png",
        "eye_vessel_probability.png",
    ]
    probability = read(output / "eye_vessel_probability.png")
    vessel_map = read(output / "eye_vessel_map.png")
    assert probability.shape == vessel_map.shape == (120, 150)
    assert set(np.unique(vessel_map)) == {0, 255}
    # Otsu divides: every vessel is more probable than every other pixel.
    inside = retina.fov_mask > 0
    found = (vessel_map > 0) & inside
    assert probability[found].min() >= probability[inside & ~found].max()
    overlay = read(output / "eye_overlay.png")[..., ::-1]
    # Half as bright as the photograph, and green: the vessel shows through.
    np.testing.assert_array_equal(
        overlay[vessel_map > 0],
        retina.fundus[vessel_map > 0] // 2 + np.uint8([0, 127, 0]),
    )
    untouched = vessel_map == 0
    np.testing.assert_array_equal(overlay[untouched], retina.fundus[untouched])
    assert "1 of 1 done" in capsys.readouterr().out


def test_what_cannot_be_done_is_listed_and_the_rest_is_done(
    tiny_run, retina, tmp_path, capsys
):
    inputs = tmp_path / "in"
    inputs.mkdir()
    write(inputs / "good.png", retina.fundus[..., ::-1])
    write(inputs / "good.jpg", retina.fundus[..., ::-1])
    write(inputs / "black.png", np.zeros((50, 50, 3), np.uint8))
    write(inputs / "map.png", retina.vessel_map)
    (inputs / "broken.png").write_bytes(b"\x89PNG nothing")
    (inputs / "empty.tif").write_bytes(b"")
    (inputs / "notes.txt").write_text("not an image")
    output = tmp_path / "out"
    folder = open_folder(tiny_run / "segmentation", "segmentation")
    status = user_files.segment_files([inputs], folder, output)
    assert status == user_files.EXIT_SKIPPED
    captured = capsys.readouterr()
    assert "1 of 6 done" in captured.out
    lines = [x for x in captured.err.splitlines() if x.startswith("skipped")]
    reasons = "\n".join(lines)
    assert len(lines) == 6
    assert "map.png must be a photograph" in reasons
    assert "notes.txt: no image" in reasons
    assert "black.png: no fundus found" in reasons
    assert "broken.png is not readable" in reasons
    assert "empty.tif is not readable" in reasons
    assert "good.png: its results would replace" in reasons
    assert len(list(output.iterdir())) == 3


class Stopped(Exception):
    """Raised where the work would begin."""


def test_what_the_headers_tell_is_said_before_the_work(
    tmp_path, retina, monkeypatch, capsys
):
    write(tmp_path / "good.png", retina.fundus[..., ::-1])
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing")
    (tmp_path / "notes.txt").write_text("not an image")
    film = Image.fromarray(retina.fundus)
    film.save(tmp_path / "film.tif", save_all=True, append_images=[film])
    (tmp_path / "left").mkdir()

    def stop(folder):
        raise Stopped

    monkeypatch.setattr(user_files, "load_segmenter", stop)
    with pytest.raises(Stopped):
        user_files.segment_files([tmp_path], None, tmp_path / "out")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith(f"not searched: {tmp_path / 'left'}. --recurs")
    for line, words in zip(
        lines[1:],
        ("notes.txt: no image", "broken.png is not", "film.tif .*2 images"),
        strict=True,
    ):
        assert re.match(f"will be skipped: .*{words}", line)
    assert not (tmp_path / "out").exists()


def test_another_file_in_the_folder_makes_the_status_one(
    tiny_run, retina, tmp_path, capsys
):
    photographs, output = tmp_path / "in", tmp_path / "out"
    photographs.mkdir()
    write(photographs / "eye.png", retina.fundus[..., ::-1])
    folder = open_folder(tiny_run / "segmentation", "segmentation")
    (photographs / ".DS_Store").write_bytes(b"litter")
    assert user_files.segment_files([photographs], folder, output) == 0
    (photographs / "list.xls").write_bytes(b"a table")
    assert user_files.segment_files([photographs], folder, output) == 1
    captured = capsys.readouterr()
    assert captured.out.count("1 of 1 done") == 2
    assert f"skipped {photographs / 'list.xls'}: no image" in captured.err


def test_results_of_sub_folders_lie_in_such(tiny_run, retina, tmp_path):
    """The same name twice, and the results inside what is searched."""
    places = [tmp_path / place for place in ("eye.png", "a/eye.png")]
    for path in places:
        path.parent.mkdir(exist_ok=True)
    write(places[0], retina.fundus[..., ::-1])
    write(places[1], retina.fundus[:, ::-1, ::-1])
    folder = open_folder(tiny_run / "segmentation", "segmentation")
    output = tmp_path / "out"
    for _ in range(2):
        status = user_files.segment_files(
            [tmp_path], folder, output, recursive=True
        )
        assert status == 0
    found = {str(p.relative_to(output)) for p in output.rglob("*.png")}
    kinds = ("overlay", "vessel_map", "vessel_probability")
    assert found == {
        f"{at}eye_{kind}.png" for at in ("", "a/") for kind in kinds
    }
    # Each overlay lies on its own photograph.
    for path, stem in zip(places, ("eye", "a/eye"), strict=True):
        untouched = read(output / f"{stem}_vessel_map.png") == 0
        np.testing.assert_array_equal(
            read(output / f"{stem}_overlay.png")[untouched],
            read(path)[untouched],
        )


def test_maps_of_sub_folders_have_noise_of_their_own(
    tiny_run, retina, tmp_path, capsys
):
    maps, output = tmp_path / "maps", tmp_path / "out"
    for place in ("left", "right"):
        (maps / place).mkdir(parents=True)
        write(maps / place / "eye.png", retina.vessel_map)
    write(maps / "inverted.png", 255 - retina.vessel_map)
    write(maps / "empty.png", np.zeros((50, 50), np.uint8))
    folder = open_folder(tiny_run / "synthesis", "synthesis")
    status = user_files.synthesize_files(
        [maps], folder, output=output, samples=1, seed=0, recursive=True
    )
    assert status == 1
    names = [str(p.relative_to(output)) for p in sorted(output.rglob("*.png"))]
    assert names == [
        f"{place}/eye_{kind}.png"
        for place in ("left", "right")
        for kind in ("000_fundus", "vessel_map")
    ]
    left, right = (
        read(output / place / "eye_000_fundus.png")
        for place in ("left", "right")
    )
    assert (left != right).any()
    captured = capsys.readouterr()
    assert "2 of 4 done" in captured.out
    assert "inverted.png must have bright vessels" in captured.err
    assert "empty.png must mark vessels" in captured.err


def test_synthesize_is_a_function_of_seed_and_name(tiny_run, retina, tmp_path):
    maps = tmp_path / "maps"
    maps.mkdir()
    for name in ("a", "b"):
        write(maps / f"{name}.png", retina.vessel_map)
    folder = open_folder(tiny_run / "synthesis", "synthesis")
    one, two, other = (tmp_path / name for name in ("one", "two", "other"))
    assert (
        user_files.synthesize_files(
            [maps], folder, output=one, samples=2, seed=7
        )
        == 0
    )
    user_files.synthesize_files(
        [maps / "b.png"], folder, output=two, samples=1, seed=7
    )
    user_files.synthesize_files(
        [maps / "b.png"], folder, output=other, samples=1, seed=8
    )
    names = sorted(path.name for path in one.iterdir())
    assert names == [
        "a_000_fundus.png",
        "a_001_fundus.png",
        "a_vessel_map.png",
        "b_000_fundus.png",
        "b_001_fundus.png",
        "b_vessel_map.png",
    ]
    first = read(one / "b_000_fundus.png")
    assert first.shape == (64, 64, 3)
    np.testing.assert_array_equal(first, read(two / "b_000_fundus.png"))
    assert (first != read(other / "b_000_fundus.png")).any()
    assert (first != read(one / "b_001_fundus.png")).any()


def test_maps_of_zero_and_one_are_maps_of_zero_and_255(
    tiny_run, retina, tmp_path
):
    folder = open_folder(tiny_run / "synthesis", "synthesis")
    results = []
    for name, scale in (("ones", 255), ("full", 1)):
        path = tmp_path / name / "map.png"
        path.parent.mkdir()
        write(path, retina.vessel_map // scale)
        user_files.synthesize_files(
            [path], folder, output=path.parent / "o", samples=1, seed=0
        )
        results.append(read(path.parent / "o" / "map_000_fundus.png"))
    np.testing.assert_array_equal(*results)


@pytest.fixture(scope="module")
def delta(tmp_path_factory):
    """The `ModelFolder` of a generator of --generator=delta."""
    run = write_delta_run(tmp_path_factory.mktemp("delta") / "run")
    return open_folder(run / "synthesis", "synthesis")


def test_each_sample_has_the_contrast_that_is_written_down(
    delta, retina, tmp_path
):
    path = write(tmp_path / "eye.png", retina.vessel_map)
    output, alone = tmp_path / "out", tmp_path / "alone"
    asked = {"contrast": ContrastRange(0.5, 1.2), "seed": 3}
    user_files.synthesize_files(
        [path], delta, output=output, samples=3, **asked
    )
    told = json.loads((output / "eye_contrast.json").read_text())
    names = [f"eye_00{sample}_fundus.png" for sample in range(3)]
    assert list(told) == names and len(set(told.values())) == 3
    assert 0.5 <= min(told.values()) and max(told.values()) <= 1.2
    vessel_map = read(output / "eye_vessel_map.png")
    assert not vessel_map[~COMMON_FOV].any()
    for name, contrast in told.items():
        fundus = read(output / name)[..., ::-1]
        found = contrast_of(fundus, vessel_map)
        assert found == pytest.approx(contrast, abs=0.5 / 80 + 1e-6)
    # A sample is what it is without the others.
    user_files.synthesize_files([path], delta, output=alone, samples=1, **asked)
    np.testing.assert_array_equal(
        *(read(o / names[0]) for o in (output, alone))
    )


def test_one_contrast_another_size_and_another_camera(delta, retina, tmp_path):
    path = write(tmp_path / "eye.png", retina.vessel_map)
    style = write_photograph(tmp_path / "camera.png", (90, 150, 40), side=900)
    output = tmp_path / "out"
    status = user_files.synthesize_files(
        [path],
        delta,
        output=output,
        samples=1,
        seed=0,
        contrast=ContrastRange(0.25, 0.25),
        style_fundus=str(style),
        image_size=128,
    )
    assert status == 0
    names = {path.name for path in output.iterdir()}
    assert names == {"eye_000_fundus.png", "eye_vessel_map.png"}
    fundus = read(output / "eye_000_fundus.png")[..., ::-1]
    vessel_map = read(output / "eye_vessel_map.png")
    assert fundus.shape == (128, 128, 3) and vessel_map.shape == (128, 128)
    inside = fundus.any(axis=-1)
    assert has_colour(fundus, inside, (90, 150, 40), tolerance=1)
    # A quarter of 80 levels below the photograph's green.
    assert np.abs(fundus[vessel_map == 255][:, 1] - 130.0).max() <= 1


def test_a_large_style_photograph_is_reduced_and_keeps_its_light(tmp_path):
    eye = phantom_retina(1800, 2400, 5)
    path = write(tmp_path / "eye.png", eye.fundus[..., ::-1])
    small = user_files.read_style_fundus(path)
    assert small.shape == (1536, 2048, 3)
    lights = [
        run_networks.photograph_style(
            fundus, find_fov_mask(fundus), Config(image_size=128)
        ).numpy()[:18]
        for fundus in (eye.fundus, small)
    ]
    # Two grey levels, in units of [-1,1].
    np.testing.assert_allclose(*lights, atol=2 / 127.5)


@pytest.mark.parametrize(
    "image, words",
    [
        (np.zeros((90, 90, 3), np.uint8), "in which none is found"),
        (np.full((4, 4, 3), 99, np.uint8), "in which none is found"),
        (None, "--style_fundus: .*not readable.*Next"),
    ],
)
def test_a_style_photograph_without_a_fundus_is_named(
    image, words, delta, retina, tmp_path
):
    path, style = tmp_path / "eye.png", tmp_path / "style.png"
    write(path, retina.vessel_map)
    if image is not None:
        write(style, image)
    with pytest.raises(UserError, match=words) as raised:
        user_files.synthesize_files(
            [path],
            delta,
            output=tmp_path / "out",
            samples=1,
            seed=0,
            style_fundus=str(style),
        )
    assert "--style_fundus" in str(raised.value)
    assert "style.png" in str(raised.value)
    assert not (tmp_path / "out").exists()
