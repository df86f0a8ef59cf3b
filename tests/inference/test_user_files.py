"""One's own photographs and maps: all kinds of files in, results out."""

import cv2
import numpy as np
import pytest

from migan_tf.inference import user_files
from migan_tf.inference.model_folder import open_folder
from migan_tf.phantom.retina import phantom_retina


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
    assert (overlay[vessel_map > 0] == (0, 255, 0)).all()
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
    (inputs / "broken.png").write_bytes(b"\x89PNG nothing")
    (inputs / "empty.tif").write_bytes(b"")
    (inputs / "notes.txt").write_text("not an image")
    output = tmp_path / "out"
    folder = open_folder(tiny_run / "segmentation", "segmentation")
    status = user_files.segment_files([inputs], folder, output)
    assert status == user_files.EXIT_SKIPPED
    captured = capsys.readouterr()
    assert "1 of 5 done" in captured.out
    lines = [x for x in captured.err.splitlines() if x.startswith("skipped")]
    reasons = "\n".join(lines)
    assert len(lines) == 4
    assert "black.png: no fundus found" in reasons
    assert "broken.png is not readable" in reasons
    assert "empty.tif is not readable" in reasons
    assert "good.png: its results would replace" in reasons
    assert len(list(output.iterdir())) == 3


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
