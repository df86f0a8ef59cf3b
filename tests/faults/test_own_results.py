"""Results are known again: passed over, kept, or refused with a word."""

import shutil

import cv2
import numpy as np
import pytest

from migan_tf.base import image_files, results
from migan_tf.base.errors import UserError
from migan_tf.inference import user_files
from migan_tf.inference.contrast import AS_PHOTOGRAPHED
from migan_tf.inference.model_folder import open_folder
from migan_tf.phantom.retina import phantom_retina

MADE_OF = {"photograph": "ab", "model": "cd"}


def times(folder):
    return {p.name: p.stat().st_mtime_ns for p in folder.glob("*.png")}


@pytest.fixture
def photographs(tmp_path):
    """A folder of two photographs."""
    folder = tmp_path / "eyes"
    folder.mkdir()
    for number in (1, 2):
        fundus = phantom_retina(96, 120, number).fundus
        assert cv2.imwrite(str(folder / f"{number}.png"), fundus[..., ::-1])
    return folder


@pytest.fixture(scope="module")
def segmenter(tiny_run):
    return open_folder(tiny_run / "segmentation", "segmentation")


def test_a_result_says_what_it_was_made_of(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    results.write(tmp_path / "a.png", image, "overlay", made_of=MADE_OF)
    found = cv2.imread(str(tmp_path / "a.png"))[..., ::-1]
    np.testing.assert_array_equal(found, image)
    told = results.read(tmp_path / "a.png")
    assert told == {
        "command": "segment",
        "shows": "overlay",
        "made_of": MADE_OF,
    }
    assert cv2.imwrite(str(tmp_path / "b.png"), image)
    (tmp_path / "c.png").write_bytes((tmp_path / "a.png").read_bytes()[:60])
    for other in ("b.png", "c.png", "none.png"):
        assert results.read(tmp_path / other) is None
    assert results.read(None) is None


def test_what_is_done_and_what_is_in_the_way(tmp_path):
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    image = np.zeros((4, 4), np.uint8)
    assert not results.is_done(paths, MADE_OF)
    results.write(paths[0], image, "overlay", made_of=MADE_OF)
    assert not results.is_done(paths, MADE_OF)  # It was stopped in between.
    results.write(paths[1], image, "overlay", made_of=MADE_OF)
    assert results.is_done(paths, MADE_OF)
    assert not results.is_done(paths, MADE_OF, overwrite=True)
    with pytest.raises(UserError, match="another model.*--overwrite"):
        results.is_done(paths, MADE_OF | {"model": "x"})
    assert cv2.imwrite(str(paths[1]), image)  # drawn by hand, say
    with pytest.raises(UserError, match="b.png is there already.*not made"):
        results.is_done(paths, MADE_OF)


def test_a_folder_may_be_segmented_into_itself_again_and_again(
    segmenter, photographs, capsys
):
    for _ in range(2):
        status = user_files.segment_files([photographs], segmenter, photographs)
        assert status == 0
    assert len(list(photographs.iterdir())) == 2 + 2 * 3
    told = capsys.readouterr()
    assert "2 of 2 done, 2 of them before" in told.out
    assert "passed over: 6 results of this program" in told.err
    only = [photographs / "1_overlay.png"]
    with pytest.raises(UserError, match="nothing to work on.*1_overlay"):
        user_files.segment_files(only, segmenter, photographs)


def test_what_is_done_is_not_done_again(
    segmenter, photographs, tmp_path, capsys
):
    output = tmp_path / "out"

    def segment(**more):
        return user_files.segment_files(
            [photographs], segmenter, output, **more
        )

    assert segment() == 0
    before = times(output)
    (output / "2_overlay.png").unlink()  # As where it was stopped there.
    assert segment() == 0
    after = times(output)
    assert before.keys() == after.keys()
    same = {name for name in before if before[name] == after[name]}
    assert same == {n for n in before if n.startswith("1_")}
    # A photograph that has changed: nothing is replaced unasked.
    shutil.copy(photographs / "1.png", photographs / "2.png")
    assert segment() == 1
    assert times(output) == after
    told = capsys.readouterr().err
    assert "2_" in told and "one of another photograph" in told
    assert segment(overwrite=True) == 0
    assert not set(times(output).values()) & set(after.values())


def test_after_ctrl_c_the_same_call_goes_on(
    segmenter, photographs, tmp_path, monkeypatch, capsys
):
    output, seen = tmp_path / "out", []
    load = user_files.load_segmenter

    def stopped_at_the_second(folder):
        find_vessels = load(folder)

        def found(fundus):
            seen.append(fundus)
            if len(seen) == 2:
                raise KeyboardInterrupt
            return find_vessels(fundus)

        return found

    monkeypatch.setattr(user_files, "load_segmenter", stopped_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        user_files.segment_files([photographs], segmenter, output)
    first = times(output)
    assert len(first) == 3
    told = capsys.readouterr()
    assert "1 of 2 done" in told.out and "goes on from here" in told.err
    assert user_files.segment_files([photographs], segmenter, output) == 0
    assert len(seen) == 3  # The first one was not segmented again.
    assert first.items() <= times(output).items()


def test_what_does_not_look_like_a_fundus_can_be_forced(
    segmenter, tmp_path, capsys
):
    rng = np.random.default_rng(0)
    grain = rng.integers(0, 256, (96, 96, 3), np.uint8)
    assert cv2.imwrite(str(tmp_path / "a.png"), grain)
    output = tmp_path / "out"
    assert user_files.segment_files([tmp_path], segmenter, output) == 1
    assert "no fundus found" in capsys.readouterr().err
    assert not list(output.iterdir())
    status = user_files.segment_files([tmp_path], segmenter, output, force=True)
    assert status == 0 and len(times(output)) == 3


def test_painted_maps_are_kept_and_their_images_no_maps(
    tiny_run, tmp_path, capsys
):
    maps = tmp_path / "maps"
    maps.mkdir()
    vessel_map = phantom_retina(96, 96, 1).vessel_map
    assert cv2.imwrite(str(maps / "a.png"), vessel_map)
    painter = open_folder(tiny_run / "synthesis", "synthesis")

    def paint(samples=1, seed=0):
        return user_files.synthesize_files(
            [maps], painter, output=maps, samples=samples, seed=seed,
            contrast=AS_PHOTOGRAPHED,
        )  # fmt: skip

    assert paint() == 0
    first = times(maps)
    assert paint() == 0
    assert times(maps) == first
    assert paint(samples=2) == 0
    assert len(times(maps)) == len(first) + 1
    assert paint(seed=1) == 1
    assert "one of another seed" in capsys.readouterr().err


def test_measures_take_maps_and_no_overlays(tmp_path):
    image = np.zeros((4, 4), np.uint8)
    for shows in ("vessel_probability", "vessel_map", "overlay"):
        path = tmp_path / f"a_{shows}.png"
        results.write(path, image, shows, made_of=MADE_OF)
    found = image_files.find_images([tmp_path])
    own = results.own(found, {"segment": ("vessel_map",)})
    assert [file.stem for file in found.images] == ["a_vessel_map"]
    assert len(own) == 2
