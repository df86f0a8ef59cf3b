"""Each source of vessel maps: what it draws, and that it is a function."""

import dataclasses
import json
import pickle

import cv2
import numpy as np
import pytest

from migan_tf.base import image_files
from migan_tf.base.errors import UserError
from migan_tf.data.photographs import Photograph
from migan_tf.phantom.retina import phantom_retina
from migan_tf.vessel_maps import deformation, sources


@pytest.fixture(scope="module")
def training():
    retinas = {seed: phantom_retina(96, 90, seed) for seed in range(3)}
    return [
        Photograph(
            f"{seed:02d}_training",
            retina.fundus,
            fov_mask=retina.fov_mask > 0,
            vessel_map=retina.vessel_map > 0,
            second_annotator=None,
        )
        for seed, retina in retinas.items()
    ]


@pytest.fixture(scope="module")
def map_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps")
    grey = np.array([[0, 127, 128, 255]] * 4, np.uint8)
    unit = np.array([[0, 0, 1, 1]] * 4, np.uint8)
    cv2.imwrite(str(folder / "deep.png"), grey.astype(np.uint16) * 257)
    cv2.imwrite(str(folder / "grey.png"), grey)
    cv2.imwrite(str(folder / "unit.png"), unit)
    return image_files.list_images([folder])


@pytest.fixture(params=sources.SOURCES)
def source(request, training, map_files):
    return request.param, sources.make_source(
        request.param, training, files=map_files, like="stare", size=96
    )


def test_a_draw_is_a_function_in_any_process(source):
    kind, here = source
    there = pickle.loads(pickle.dumps(here))
    there.draw(0, 1)  # what is drawn before changes nothing
    first, second = here.draw(5, 7), there.draw(5, 7)
    assert json.loads(json.dumps(first.origin)) == second.origin
    assert first.origin["source"] == kind
    for name in ("vessel_map", "fov_mask"):
        plane = getattr(first, name)
        assert plane.dtype == bool and plane.ndim == 2
        np.testing.assert_array_equal(plane, getattr(second, name))


def test_no_photograph_travels(source, training):
    assert training[0].fundus.tobytes() not in pickle.dumps(source[1])


def test_dataset_goes_round(training):
    source = sources.make_source("dataset", training)
    for number, turn in ((0, 0), (2, 2), (4, 1)):
        drawn = source.draw(number, number)
        assert drawn.origin["photograph"] == f"{turn:02d}_training"
        np.testing.assert_array_equal(
            drawn.vessel_map, training[turn].vessel_map
        )
        assert drawn.artery_map is None and drawn.vein_map is None


def test_deformed_draws_from_all(training):
    source = sources.make_source("deformed", training)
    drawn = [source.draw(number, 3) for number in range(12)]
    origins = [one.origin for one in drawn]
    found = {origin["photograph"] for origin in origins}
    assert found == {"00_training", "01_training", "02_training"}
    rng = np.random.default_rng([3, 4])
    chosen = training[rng.integers(3)]
    assert chosen.image_id == origins[4]["photograph"]
    np.testing.assert_array_equal(
        drawn[4].vessel_map,
        deformation.deform(chosen.vessel_map, chosen.fov_mask, rng),
    )


def test_procedural_knows_arteries_from_veins():
    source = sources.make_source("procedural", like="stare", size=140)
    drawn = source.draw(1, 2)
    assert drawn.vessel_map.shape == (121, 140)
    np.testing.assert_array_equal(
        drawn.vessel_map, drawn.artery_map | drawn.vein_map
    )
    assert (drawn.vessel_map != source.draw(2, 1).vessel_map).any()


def test_folder_reads_grey_deep_and_unit_files(map_files):
    source = sources.make_source("folder", files=map_files)
    names = ("deep.png", "grey.png", "unit.png", "deep.png")
    for number, name in enumerate(names):
        drawn = source.draw(number, 0)
        assert drawn.origin == {"source": "folder", "file": name}
        np.testing.assert_array_equal(drawn.vessel_map, [[0, 0, 1, 1]] * 4)
        assert drawn.fov_mask.all()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"kind": "drawn"}, "must be one of dataset, .*Received: 'drawn'"),
        ({"kind": "deformed"}, "=deformed needs .*Received: no photographs"),
        ({"kind": "folder"}, "=folder needs files.*Received: none"),
        ({"kind": "procedural", "like": "eye"}, "=procedural.*like='eye'"),
        ({"kind": "procedural", "size": 8}, "=procedural.*size=8"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused(arguments, message):
    with pytest.raises(UserError, match=f"^--vessel_source.?{message}.*Next: "):
        sources.make_source(**arguments)


def test_a_photograph_without_a_map_is_named(training):
    bare = dataclasses.replace(training[0], image_id="09_test", vessel_map=None)
    with pytest.raises(UserError, match="Received: none for 09_test"):
        sources.make_source("dataset", [*training, bare])


def test_a_file_that_is_no_map_is_named(tmp_path):
    coloured, torn = tmp_path / "coloured.png", tmp_path / "torn.png"
    cv2.imwrite(str(coloured), np.full((4, 4, 3), (0, 90, 200), np.uint8))
    torn.write_text("no picture")
    empty, inverted = tmp_path / "empty.png", tmp_path / "inverted.png"
    cv2.imwrite(str(empty), np.zeros((4, 4), np.uint8))
    cv2.imwrite(str(inverted), np.array([[255, 255, 255, 0]] * 4, np.uint8))
    absent = tmp_path / "absent.png"
    for path in (coloured, torn, absent, empty, inverted):
        source = sources.make_source(
            "folder", files=[image_files.image_file(path)]
        )
        with pytest.raises(UserError, match=f"=folder .*{path.name}"):
            source.draw(0, 0)


def test_the_origin_of_a_map_tells_its_sub_folder(tmp_path):
    for place in ("left", "right"):
        (tmp_path / place).mkdir()
        stored = np.array([[0, 255, 0, 0]], np.uint8)
        cv2.imwrite(str(tmp_path / place / "eye.png"), stored)
    files = image_files.list_images([tmp_path], recursive=True)
    source = sources.make_source("folder", files=files)
    names = [source.draw(number, 0).origin["file"] for number in range(2)]
    assert names == ["left/eye.png", "right/eye.png"]
