"""One's own files by a SavedModel as by the run it was exported from."""

import dataclasses
import shutil

import cv2
import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.inference import run_networks, user_files
from migan_tf.inference.load import load_segmenter
from migan_tf.inference.model_folder import open_folder
from migan_tf.phantom.retina import phantom_retina

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
