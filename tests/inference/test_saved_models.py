"""One's own files by a SavedModel as by the run it was exported from."""

import dataclasses
import shutil

import cv2
import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.inference import run_networks, user_files
from migan_tf.inference.load import load_generator, load_segmenter
from migan_tf.inference.model_folder import open_folder
from migan_tf.phantom.retina import phantom_retina
from tests import small_delta

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def retina():
    return phantom_retina(90, 110, 3)


@pytest.fixture(scope="module")
def inputs(retina, tmp_path_factory):
    folder = tmp_path_factory.mktemp("in")
    cv2.imwrite(str(folder / "eye.png"), retina.fundus[..., ::-1])
    (folder / "maps").mkdir()
    cv2.imwrite(str(folder / "maps" / "eye.png"), retina.vessel_map)
    return folder


def pictures(folder):
    return {
        path.name: cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(int)
        for path in sorted(folder.iterdir())
    }


def test_segment_gives_what_the_run_gives(served, tiny_run, inputs, tmp_path):
    found = []
    for name, folder in (
        ("run", tiny_run / "segmentation"),
        ("served", served["segmentation"]),
    ):
        output = tmp_path / name
        paths = [inputs / "eye.png"]
        assert (
            user_files.segment_files(
                paths, open_folder(folder, "segmentation"), output
            )
            == 0
        )
        found.append(pictures(output))
    assert found[0].keys() == found[1].keys()
    kind = "eye_vessel_probability.png"
    assert np.abs(found[0][kind] - found[1][kind]).max() <= 1
    maps = [found[n]["eye_vessel_map.png"] > 0 for n in range(2)]
    # A pixel at the threshold may fall to either side.
    assert (maps[0] != maps[1]).mean() < 1e-3 and maps[0].any()


def test_synthesize_gives_what_the_run_gives(
    served, tiny_run, inputs, tmp_path
):
    found = []
    for name, folder in (
        ("run", tiny_run / "synthesis"),
        ("served", served["synthesis"]),
    ):
        output = tmp_path / name
        paths = [inputs / "maps"]
        assert (
            user_files.synthesize_files(
                paths,
                open_folder(folder, "synthesis"),
                output=output,
                samples=2,
                seed=5,
            )
            == 0
        )
        found.append(pictures(output))
    assert found[0].keys() == found[1].keys()
    for kind, image in found[1].items():
        # The SavedModel paints nothing outside the field of view.
        inside = found[1]["eye_000_fundus.png"].any(-1)
        difference = np.abs(image - found[0][kind])
        assert difference[inside].max() <= 1, kind
        assert not image[~inside].any()
    assert (
        found[1]["eye_000_fundus.png"] != found[1]["eye_001_fundus.png"]
    ).any()


def test_a_dark_photograph_is_skipped(served, tmp_path, capsys):
    path = tmp_path / "dark.png"
    cv2.imwrite(str(path), np.zeros((60, 60, 3), np.uint8))
    folder = open_folder(served["segmentation"], "segmentation")
    assert user_files.segment_files([path], folder, tmp_path / "out") == 1
    assert "no fundus found" in capsys.readouterr().err


def test_a_damaged_model_is_named(served, tmp_path):
    shutil.copytree(served["segmentation"], tmp_path / "1")
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"damaged")
    with pytest.raises(UserError, match="is damaged"):
        load_segmenter(open_folder(tmp_path / "1", "segmentation"))


def test_one_view_is_the_plain_network_of_a_run_and_of_its_export(
    served, tiny_run, retina
):
    folder = tiny_run / "segmentation"
    network, config = run_networks.load_network(folder, "segmentation")
    assert not config.test_time_flips
    inside = retina.fov_mask > 0
    plain = run_networks.NetworkSegmenter(network, config)
    expected = plain(retina.fundus, inside).vessel_probability
    for place in (folder, served["segmentation"]):
        opened = open_folder(place, "segmentation")
        flipping = dataclasses.replace(opened.config, test_time_flips=True)
        several = dataclasses.replace(opened, config=flipping)
        segmenter = load_segmenter(several, one_view=True)
        found = segmenter(retina.fundus, inside).vessel_probability
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.fixture(scope="module")
def delta(tmp_path_factory):
    """{size: `ModelFolder`}: a run at 64 pixels, its export for 128."""
    pytest.importorskip("tensorflow_serving", reason="needs the extra serving")
    from export import servable

    folder = tmp_path_factory.mktemp("delta")
    run = small_delta.save_run(folder / "run", small_delta.network())
    larger = servable.export([run], "synthesis", folder, image_size=128)
    places = {64: run / "synthesis", 128: larger}
    return {k: open_folder(v, "synthesis") for k, v in places.items()}


@pytest.mark.parametrize("size", [64, 128])
def test_a_generator_of_delta_paints_as_its_run_does(delta, retina, size):
    assert not delta[64].is_saved_model and delta[128].is_saved_model
    assert delta[128].config.image_size == 128
    generators = [load_generator(delta[kind], size) for kind in (64, 128)]
    vessel_map = retina.vessel_map / 255.0
    style = phantom_retina(70, 100, 8).fundus
    paintings = []
    for wish in (
        {},
        {"fov_mask": retina.fov_mask > 0},
        {"contrast": 0.5, "noise_stddev": 0.3},
        {"style_fundus": style},
        {"style_fundus": style, "contrast": 2.0, "fov_mask": np.eye(90, 110)},
    ):
        expected, found = (
            paint(vessel_map, [5, 1], **wish) for paint in generators
        )
        assert found.fundus.shape == (size, size, 3)
        for name in ("fundus", "vessel_map", "fov_mask"):
            one, other = getattr(found, name), getattr(expected, name)
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other, name)
        paintings.append(found)
    images = {painting.fundus.tobytes() for painting in paintings}
    assert len(images) == len(paintings)
    # Where most photographs show the retina; the outline is that of 64 cells.
    disc = small_delta.disc(size, size, small_delta.RADIUS * size / 64)
    assert (paintings[0].fov_mask != disc).mean() < 0.02
    assert paintings[1].fov_mask.mean() != paintings[0].fov_mask.mean()


def test_a_size_that_cannot_be_painted_is_refused(delta, served):
    with pytest.raises(UserError, match="a multiple of 64"):
        load_generator(delta[128], 96)
    folder = open_folder(served["synthesis"], "synthesis")
    with pytest.raises(UserError, match="Leave it out"):
        load_generator(folder, 128)


def test_the_papers_generator_refuses_what_it_does_not_know(served, retina):
    generator = load_generator(open_folder(served["synthesis"], "synthesis"))
    for wish in ({"contrast": 0.5}, {"style_fundus": retina.fundus}):
        with pytest.raises(UserError, match="--generator=delta"):
            generator(retina.vessel_map / 255.0, 1, **wish)
