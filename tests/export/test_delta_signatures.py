"""What is served of --generator=delta, against the run and by hand."""

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf

from export import client, delta_signatures
from migan_tf.data.fov import find_fov_mask
from migan_tf.inference import run_networks
from migan_tf.models.delta_generator import build_delta_generator
from migan_tf.phantom.retina import phantom_retina
from tests import serving_stand_in, small_delta

pytestmark = pytest.mark.slow

KINDS = ("fundus", "vessel_map", "fov_mask")


@pytest.fixture(scope="module")
def signatures(delta_served):
    loaded = tf.saved_model.load(str(delta_served))
    return {name: (f, loaded) for name, f in loaded.signatures.items()}


@pytest.fixture(scope="module")
def maps():
    found = [phantom_retina(90, 110, seed).vessel_map for seed in (3, 4, 5)]
    return np.stack(found)[..., None]


@pytest.fixture(scope="module")
def styles():
    return np.stack([phantom_retina(100, 120, n).fundus for n in (6, 7, 8)])


def ask(signatures, name, **inputs):
    """What a signature gives, without the ending _bytes."""
    found = signatures[name][0](
        **{k: tf.constant(v) for k, v in inputs.items()}
    )
    return {k.removesuffix("_bytes"): v.numpy() for k, v in found.items()}


def paint(signatures, maps, seeds, contrast=1.0, styles=None):
    count = len(maps)
    if styles is None:
        styles = np.zeros((count, 1, 1, 3), np.uint8)
    return ask(
        signatures,
        "paint",
        vessel_map=maps,
        seed=np.array(seeds, np.int64),
        noise_stddev=np.ones(count, np.float32),
        contrast=np.full(count, contrast, np.float32),
        style_fundus=styles,
    )


def png(image):
    return tf.io.encode_png(image).numpy()


def decoded(contents):
    images = [
        cv2.imdecode(np.frombuffer(x, np.uint8), cv2.IMREAD_UNCHANGED)
        for x in contents
    ]
    return np.stack([np.atleast_3d(image)[..., ::-1] for image in images])


def same(found, expected, index=slice(None)):
    assert found.keys() == set(KINDS)
    for name in KINDS:
        np.testing.assert_array_equal(found[name], expected[name][index])


def parts_of(network, unit, noise, contrast=1.0):
    """(ground, vessels, texture) of a map (64,64,1), by Keras."""
    composed = network.get_layer("fake_fundus").input
    model = keras.Model(network.inputs, composed[:3])
    inside = small_delta.disc(64, 64, small_delta.RADIUS)
    given = {
        "vessel_map": unit[None] * inside[None, ..., None],
        "noise": noise[None],
        "fov_mask": np.float32(inside[None, ..., None]),
        "contrast": np.float32([[contrast]]),
        "style": np.zeros((1, 27), np.float32),
        "styled": np.zeros((1, 1), np.float32),
    }
    found = model([given[tensor.name] for tensor in network.inputs])
    return [part.numpy()[0] for part in found]


def test_the_answer_is_what_the_run_paints(signatures, delta_network, maps):
    generator = run_networks.NetworkGenerator(delta_network, small_delta.CONFIG)
    noise = np.random.default_rng(0).normal(size=(2, 28)).astype(np.float32)
    found = ask(
        signatures,
        "serving_default",
        vessel_map=np.float32(maps[:2] / 255),
        noise=noise,
    )
    assert {k: (v.dtype, v.shape) for k, v in found.items()} == {
        "fundus": (np.uint8, (2, 64, 64, 3)),
        "vessel_map": (np.uint8, (2, 64, 64, 1)),
        "fov_mask": (np.uint8, (2, 64, 64, 1)),
    }
    inside = small_delta.disc(64, 64, small_delta.RADIUS)
    for index in range(2):
        unit = tf.constant(maps[index] / 255, tf.float32)
        painted_map, fundus, _ = generator.paint(unit, noise[index])
        difference = found["fundus"][index].astype(int) - fundus.numpy()
        assert np.abs(difference).max() <= 1
        grey = np.round(painted_map.numpy() * 255)
        assert np.abs(found["vessel_map"][index] - grey).max() <= 1
        np.testing.assert_array_equal(
            found["fov_mask"][index, ..., 0], inside * 255
        )
        assert not found["fundus"][index][~inside].any()
        assert not found["vessel_map"][index][~inside].any()
    # Grey levels and shares of 1 are one map.
    grey = {"vessel_map": np.float32(maps[:2]), "noise": noise}
    same(ask(signatures, "serving_default", **grey), found)


def test_a_seed_is_an_image_through_every_signature(signatures, maps, styles):
    expected = paint(signatures, maps, [5, 6, 5])
    assert (expected["fundus"][0] != expected["fundus"][2]).any()
    drawn = {
        "seed": np.array([5, 6, 5], np.int64),
        "noise_stddev": np.ones(3, np.float32),
    }
    same(ask(signatures, "synthesize", vessel_map=maps, **drawn), expected)
    files = [png(vessel_map) for vessel_map in maps]
    found = ask(signatures, "synthesize_bytes", vessel_map_bytes=files, **drawn)
    same({name: decoded(found[name]) for name in KINDS}, expected)
    # No bytes, a black photograph and a flat one are no style.
    nothing = [b"", png(np.zeros((80, 90, 3), np.uint8))]
    nothing.append(png(np.full((80, 90, 3), 99, np.uint8)))
    found = ask(
        signatures,
        "paint_bytes",
        vessel_map_bytes=files,
        contrast=np.ones(3, np.float32),
        style_fundus_bytes=nothing,
        **drawn,
    )
    same({name: decoded(found[name]) for name in KINDS}, expected)
    # And with one.
    expected = paint(signatures, maps, [5, 6, 5], contrast=1.5, styles=styles)
    found = ask(
        signatures,
        "paint_bytes",
        vessel_map_bytes=files,
        contrast=np.full(3, 1.5, np.float32),
        style_fundus_bytes=[png(style) for style in styles],
        **drawn,
    )
    same({name: decoded(found[name]) for name in KINDS}, expected)


def test_an_image_knows_nothing_of_its_batch(signatures, maps, styles):
    together = paint(signatures, maps, [1, 2, 3], contrast=0.5, styles=styles)
    for index in range(3):
        one = slice(index, index + 1)
        alone = paint(
            signatures,
            maps[one],
            [index + 1],
            contrast=0.5,
            styles=styles[one],
        )
        same(alone, together, one)


def test_contrast_scales_what_the_vessels_add(signatures, delta_network, maps):
    seed = np.array([5], np.int64)
    noise = delta_signatures.noise_of(seed[0], 28).numpy()
    still = paint(signatures, maps[:1], seed, contrast=0.0)
    unit = np.float32(
        run_networks.resampled_map(
            tf.constant(maps[0] / 255, tf.float32), small_delta.CONFIG
        )
    )
    ground, vessels, texture = parts_of(delta_network, unit, noise)
    inside = small_delta.disc(64, 64, small_delta.RADIUS)
    assert np.abs(vessels[inside]).max() > 0.1  # Something to be scaled.
    for contrast in (0.0, 0.5, 1.0, 4.0):
        found = paint(signatures, maps[:1], seed, contrast=contrast)
        # Vessels leave 65 % of the ground's red light.
        taken = contrast * vessels
        taken[..., 0] = np.maximum(taken[..., 0], -0.35 * (ground[..., 0] + 1))
        taken[..., 1:] = np.maximum(taken[..., 1:], -(ground[..., 1:] + 1))
        image = np.clip(ground + taken + texture, -1, 1)
        expected = (image + 1) * 127.5
        difference = found["fundus"][0][inside] - expected[inside]
        assert np.abs(difference).max() <= 0.51
        # The annotation stays, whether its vessels are to be seen or not.
        np.testing.assert_array_equal(found["vessel_map"], still["vessel_map"])


def test_vessels_do_not_move_with_the_style(signatures, maps, styles):
    found = [
        [
            paint(signatures, maps[:1], [5], contrast, styles[n : n + 1])
            for contrast in (0.0, 1.0)
        ]
        for n in (0, 1)
    ]
    grounds = [pair[0]["fundus"][0].astype(int) for pair in found]
    assert np.abs(grounds[0] - grounds[1]).mean() > 2  # grey levels
    # Away from the vessels of the map nothing is added in any style.
    near = cv2.dilate(found[0][0]["vessel_map"][0], np.ones((23, 23)))
    away = (near == 0) & (found[0][0]["fov_mask"][0, ..., 0] > 0)
    for ground, pair in zip(grounds, found, strict=True):
        np.testing.assert_array_equal(
            pair[0]["vessel_map"], found[0][0]["vessel_map"]
        )
        added = np.abs(pair[1]["fundus"][0].astype(int) - ground)
        assert added.max() > 5 and (added[away] == 0).all()


def test_a_flat_photographs_colour_is_painted(maps):
    # Before it has learned anything a generator paints the light alone.
    blank = build_delta_generator(noise_size=28, base_filters=2)
    _, functions = delta_signatures.synthesis(blank, small_delta.CONFIG)
    colours = np.array([[180, 90, 40], [120, 130, 60]], np.uint8)
    style = np.zeros((2, 120, 150, 3), np.uint8)
    style[:, small_delta.disc(120, 150, 55)] = colours[:, None]
    assert find_fov_mask(style[0]).numpy().any()
    found = functions["paint"](
        vessel_map=tf.constant(maps[:2]),
        seed=tf.constant([1, 2], tf.int64),
        noise_stddev=tf.ones(2),
        contrast=tf.ones(2),
        style_fundus=tf.constant(style),
    )["fundus"].numpy()
    # The FOV of an untrained one is the whole square.
    difference = found.astype(int) - colours[:, None, None]
    assert np.abs(difference).max() <= 2


def test_what_makes_no_sense_is_refused(signatures, maps, styles):
    for contrast in (np.nan, np.inf, -0.01, 4.01):
        with pytest.raises(tf.errors.InvalidArgumentError, match="from 0 to 4"):
            paint(signatures, maps[:1], [1], contrast=contrast)
    with pytest.raises(tf.errors.InvalidArgumentError, match="one batch size"):
        paint(signatures, maps[:1], [1], styles=styles[:2])
    with pytest.raises(tf.errors.InvalidArgumentError, match="PNG or JPEG"):
        ask(
            signatures,
            "paint_bytes",
            vessel_map_bytes=[png(maps[0])],
            seed=np.array([1], np.int64),
            noise_stddev=np.float32([1]),
            contrast=np.float32([1]),
            style_fundus_bytes=[b"no picture"],
        )
    noise = np.full((1, 28), np.nan, np.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="finite"):
        ask(
            signatures,
            "serving_default",
            vessel_map=np.float32(maps[:1]),
            noise=noise,
        )


def test_the_seed_of_the_planes_is_exact():
    for seed in (0, 7, -3, 2**62):
        noise = delta_signatures.noise_of(
            tf.constant(seed, tf.int64), 28
        ).numpy()
        whole = noise[-2:] / np.float32(np.sqrt(3) / 2**23)
        np.testing.assert_allclose(whole, np.round(whole), atol=1.0)
        assert (np.abs(noise[-2:]) <= np.float32(np.sqrt(3))).all()
    many = np.stack(
        [
            delta_signatures.noise_of(tf.constant(s, tf.int64), 28)
            for s in range(99)
        ]
    )
    assert len(np.unique(many[:, -2:].view(np.int32))) == 2 * 99
    assert abs(many.std() - 1) < 0.05


def test_a_server_gives_the_same(
    signatures, delta_served, maps, styles, monkeypatch
):
    # The stand-in loads as TensorFlow Serving does: graph and variables alone.
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    contents = png(maps[0]), png(styles[0])
    expected = {
        name: image[0]
        for name, image in paint(
            signatures, maps[:1], [5], contrast=2.0, styles=styles[:1]
        ).items()
    }
    with serving_stand_in.serving(
        {client.SYNTHESIS: {1: delta_served}}
    ) as running:
        for address in (running.rest, running.grpc):
            with client.connect(address) as connected:
                found = client.synthesize(
                    connected,
                    contents[0],
                    seed=5,
                    noise_stddev=1.0,
                    contrast=2.0,
                    style_bytes=contents[1],
                )
            assert found.keys() == {"5_fundus", "vessel_map", "fov_mask"}
            found["fundus"] = found.pop("5_fundus")
            for name, image in expected.items():
                np.testing.assert_array_equal(decoded([found[name]])[0], image)
