"""Decoding, field of view and Otsu as they are in the exported graphs."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from export import graph_ops
from migan_tf.data import fov
from migan_tf.metrics import segmentation
from migan_tf.phantom.retina import phantom_retina


@pytest.fixture(scope="module")
def fundus():
    return phantom_retina(90, 110, 3).fundus


def encoded(image, format="PNG", **settings):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format, **settings)
    return stream.getvalue()


@tf.function(input_signature=[tf.TensorSpec((), tf.string)])
def decode_rgb(image_bytes):
    return graph_ops.decode(image_bytes, 3)


def test_kinds_of_files(fundus):
    grey = fundus[..., 1]
    alpha = np.dstack([fundus, np.full(grey.shape, 9, np.uint8)])
    bits16 = cv2.imencode(".png", fundus[..., ::-1].astype(np.uint16) * 257)[1]
    for image_bytes, expected in (
        (encoded(fundus), fundus),
        (encoded(grey), np.repeat(grey[..., None], 3, -1)),
        (encoded(alpha), fundus),
        (bits16.tobytes(), fundus),
    ):
        np.testing.assert_array_equal(decode_rgb(image_bytes), expected)
    jpeg = encoded(fundus, "JPEG", quality=95)
    difference = decode_rgb(jpeg).numpy().astype(int) - fundus
    assert np.abs(difference).mean() < 3


def test_a_map_has_one_channel(fundus):
    found = graph_ops.decode(tf.constant(encoded(fundus[..., 1])), 1)
    np.testing.assert_array_equal(found[..., 0], fundus[..., 1])


def bomb(height, width):
    """A PNG whose header promises more than its few bytes hold."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(kind, data):
        check = zlib.crc32(kind + data)
        return (
            struct.pack(">I", len(data))
            + kind
            + data
            + struct.pack(">I", check)
        )

    return (
        graph_ops.PNG
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "image_bytes, words",
    [
        (b"", "PNG or JPEG"),
        (b"no picture", "PNG or JPEG"),
        (b"GIF89a" + b"\0" * 40, "PNG or JPEG"),
        (graph_ops.PNG, "PNG or JPEG"),
        (graph_ops.JPEG + b"\0" * 30, "JPEG"),
        (bomb(10_000, 10_000), "pixels"),
        # Few pixels, but a square of that side would fill the memory.
        (bomb(10, 8_001), "pixels"),
        # Negative, read as an int32.
        (bomb(2**31, 2**31), "pixels"),
        (bomb(0, 10), "pixels"),
        (bomb(40, 40), "PNG"),
    ],
)
def test_what_cannot_be_decoded_is_an_error(image_bytes, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        decode_rgb(image_bytes)


def test_half_a_file_is_an_error(fundus):
    whole = encoded(fundus)
    with pytest.raises(tf.errors.InvalidArgumentError):
        decode_rgb(whole[: len(whole) // 2])


def test_the_fov_of_small_and_narrow_images_is_empty(fundus):
    for shape in ((1, 1, 3), (15, 90, 3), (16, 129, 3), (900, 20, 3)):
        image = np.full(shape, 200, np.uint8)
        found = graph_ops.find_fov_mask(tf.constant(image)).numpy()
        assert found.shape == shape[:2] and not found.any()
    np.testing.assert_array_equal(
        graph_ops.find_fov_mask(tf.constant(fundus)), fov.find_fov_mask(fundus)
    )


@pytest.mark.parametrize("seed", range(5))
def test_otsu_is_that_of_the_scorer(seed):
    rng = np.random.default_rng(seed)
    probability = rng.beta(0.3, 1.5, (40, 50)).astype(np.float32)
    fov_mask = rng.random((40, 50)) < 0.7
    found = graph_ops.otsu_threshold(tf.constant(probability), fov_mask)
    expected = segmentation.otsu_threshold(probability[fov_mask])
    assert float(found) == pytest.approx(expected, rel=1e-6)


def test_otsu_of_one_level_and_of_nothing_calls_nothing_a_vessel():
    flat = np.full((4, 4), 0.25, np.float32)
    inside = np.ones((4, 4), bool)
    found = float(graph_ops.otsu_threshold(tf.constant(flat), inside))
    assert found == pytest.approx(segmentation.otsu_threshold(flat[inside]))
    assert found > 0.25
    assert float(graph_ops.otsu_threshold(tf.constant(flat), ~inside)) > 0
