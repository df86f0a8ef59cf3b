"""What the served functions give, against the Python path of a run."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from migan_tf.data import fov
from migan_tf.inference import run_networks
from migan_tf.metrics import segmentation as metrics_segmentation
from migan_tf.phantom.retina import phantom_retina

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def segmentation(served):
    return tf.saved_model.load(str(served["segmentation"]))


@pytest.fixture(scope="module")
def synthesis(served):
    return tf.saved_model.load(str(served["synthesis"]))


@pytest.fixture(scope="module")
def segmenter(tiny_run):
    return run_networks.NetworkSegmenter(
        *run_networks.load_network(tiny_run / "segmentation", "segmentation")
    )


@pytest.fixture(scope="module")
def retinas():
    return [phantom_retina(90, 110, seed) for seed in (3, 4)]


def png(image):
    return tf.io.encode_png(image).numpy()


def decoded(image_bytes):
    data = np.frombuffer(image_bytes, np.uint8)
    return cv2.imdecode(data, cv2.IMREAD_UNCHANGED)


def test_segmentation_is_the_python_path(segmentation, segmenter, retinas):
    batch = np.stack([retina.fundus for retina in retinas])
    found = segmentation.signatures["serving_default"](fundus=batch)
    assert {name: value.dtype for name, value in found.items()} == {
        "vessel_probability": tf.float32,
        "vessel_map": tf.uint8,
        "fov_mask": tf.uint8,
        "otsu_threshold": tf.float32,
    }
    for index, retina in enumerate(retinas):
        fov_mask = fov.find_fov_mask(retina.fundus).numpy()
        expected = segmenter(retina.fundus, fov_mask).vessel_probability
        one = {name: value[index].numpy() for name, value in found.items()}
        np.testing.assert_allclose(
            one["vessel_probability"][..., 0], expected, rtol=0, atol=1e-5
        )
        np.testing.assert_array_equal(one["fov_mask"][..., 0] > 0, fov_mask)
        threshold = metrics_segmentation.otsu_threshold(expected[fov_mask])
        # A level of 255 at most: a value at its edge may round either way.
        assert one["otsu_threshold"] == pytest.approx(threshold, abs=1.01 / 255)
        decision = one["vessel_probability"] >= one["otsu_threshold"]
        decision &= one["fov_mask"] > 0
        np.testing.assert_array_equal(one["vessel_map"], decision * 255)


def test_files_of_different_sizes_in_one_batch(segmentation, retinas):
    small = phantom_retina(70, 64, 5)
    images = [retinas[0].fundus, small.fundus]
    signatures = segmentation.signatures
    found = signatures["segment_bytes"](
        image_bytes=tf.constant([png(image) for image in images])
    )
    for index, image in enumerate(images):
        alone = signatures["serving_default"](fundus=image[None])
        alone = {name: value[0].numpy() for name, value in alone.items()}
        probability = decoded(found["vessel_probability_bytes"][index].numpy())
        assert probability.dtype == np.uint8
        expected = alone["vessel_probability"][..., 0] * 255
        assert np.abs(probability - expected).max() <= 0.51
        np.testing.assert_array_equal(
            decoded(found["vessel_map_bytes"][index].numpy()),
            alone["vessel_map"][..., 0],
        )
        assert found["otsu_threshold"][index] == alone["otsu_threshold"]


def test_an_image_without_a_fundus_has_no_vessels(segmentation):
    for shape in ((1, 1, 3), (80, 90, 3)):
        black = np.zeros(shape, np.uint8)
        found = segmentation.signatures["serving_default"](fundus=black[None])
        for name in ("vessel_probability", "vessel_map", "fov_mask"):
            assert found[name].shape == (1, *shape[:2], 1)
            assert not found[name].numpy().any()


def test_bad_requests_fail_and_the_next_one_does_not(segmentation, retinas):
    empty = np.zeros((0, 90, 110, 3), np.uint8)
    with pytest.raises(tf.errors.InvalidArgumentError, match="from 1"):
        segmentation.signatures["serving_default"](fundus=empty)
    segment = segmentation.signatures["segment_bytes"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="PNG or JPEG"):
        segment(image_bytes=tf.constant([b"no picture"]))
    segment(image_bytes=tf.constant([png(retinas[0].fundus)]))


def test_synthesis_is_the_python_path(synthesis, served, tiny_run, retinas):
    generator = run_networks.NetworkGenerator(
        *run_networks.load_network(tiny_run / "synthesis", "synthesis")
    )
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(2, 400)).astype(np.float32)
    maps = np.stack([retina.vessel_map for retina in retinas])[..., None]
    default = synthesis.signatures["serving_default"]
    found = default(vessel_map=np.float32(maps / 255), noise=noise)
    for index in range(2):
        unit = tf.constant(maps[index] / 255, tf.float32)
        painted, fundus, _ = generator.paint(unit, tf.constant(noise[index]))
        image = found["fundus"][index].numpy()
        assert image.shape == (64, 64, 3) and image.dtype == np.uint8
        inside = image.any(-1)
        # The FOV of round photographs: dark corners, a lit middle.
        assert not inside[:4, :4].any() and inside[20:44, 20:44].all()
        assert 0.5 < inside.mean() < 0.9
        difference = image.astype(int) - fundus.numpy()
        assert np.abs(difference[inside]).max() <= 1
        grey = np.round(painted.numpy() * 255)
        vessel_map = found["vessel_map"][index].numpy()
        assert np.abs(vessel_map.astype(int) - grey)[inside].max() <= 1
    # Grey levels and shares of 1 are one map.
    levels = default(vessel_map=np.float32(maps), noise=noise)
    np.testing.assert_array_equal(levels["fundus"], found["fundus"])


def test_a_seed_is_an_image(synthesis, retinas):
    vessel_map = retinas[0].vessel_map[None, ..., None]

    def paint(seed, stddev=1.0):
        found = synthesis.signatures["synthesize"](
            vessel_map=tf.constant(vessel_map),
            seed=tf.constant([seed], tf.int64),
            noise_stddev=tf.constant([stddev]),
        )
        return found["fundus"][0].numpy()

    np.testing.assert_array_equal(paint(5), paint(5))
    assert (paint(5) != paint(6)).any()
    # Without noise the seed means nothing.
    np.testing.assert_array_equal(paint(5, 0.0), paint(6, 0.0))
    found = synthesis.signatures["synthesize_bytes"](
        vessel_map_bytes=tf.constant([png(vessel_map[0])]),
        seed=tf.constant([5], tf.int64),
        noise_stddev=tf.constant([1.0]),
    )
    image = decoded(found["fundus_bytes"][0].numpy())[..., ::-1]
    np.testing.assert_array_equal(image, paint(5))
    assert decoded(found["vessel_map_bytes"][0].numpy()).shape == (64, 64)


def test_noise_and_batches_that_make_no_sense_are_refused(synthesis, retinas):
    vessel_map = tf.constant(retinas[0].vessel_map[None, ..., None])
    for seeds, stddev, words in (
        ([1], np.nan, "finite"),
        ([1], np.inf, "finite"),
        ([1, 2], 1.0, "one batch size"),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            synthesis.signatures["synthesize"](
                vessel_map=vessel_map,
                seed=tf.constant(seeds, tf.int64),
                noise_stddev=tf.constant([stddev], tf.float32),
            )
