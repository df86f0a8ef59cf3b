"""What the discriminator of residuals is shown, and what it answers."""

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.models import residual_discriminator as judge

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def crop():
    image = RNG.normal(0.0, 0.1, (2, 32, 32, 3)).astype(np.float32)
    whole = np.full((2, 32, 32, 3), 0.2, np.float32)
    vessel_map = (RNG.random((2, 32, 32, 1)) < 0.1).astype(np.float32)
    fov_mask = np.ones((2, 32, 32, 1), np.float32)
    fov_mask[:, :8] = 0
    return image, whole, vessel_map, fov_mask


def test_a_crop_is_shown_as_residual_and_as_fine_part(crop):
    image, whole, vessel_map, fov_mask = crop
    grains = np.arange(18, dtype=np.float32).reshape(2, 9)
    seen = judge.crop_view(
        image, whole, vessel_map, fov_mask=fov_mask, grains=grains
    ).numpy()
    assert seen.shape == (2, 32, 32, 22)
    row, column = 20, 15
    window = image[0, row - 2 : row + 3, column - 2 : column + 3]
    np.testing.assert_allclose(
        seen[0, row, column, :3],
        (image[0, row, column] - 0.2) / 0.15,
        rtol=1e-4,
    )
    np.testing.assert_allclose(
        seen[0, row, column, 3:6],
        (image[0, row, column] - window.mean(axis=(0, 1))) / 0.03,
        atol=1e-3,
    )
    binomial = np.outer([1, 2, 1], [1, 2, 1]) / 16
    window = image[0, row - 1 : row + 2, column - 1 : column + 2]
    smooth = (window * binomial[..., None]).sum(axis=(0, 1))
    np.testing.assert_allclose(
        seen[0, row, column, 6:9],
        (image[0, row, column] - smooth) / 0.011,
        atol=1e-3,
    )
    np.testing.assert_array_equal(seen[..., 9], vessel_map[..., 0])
    np.testing.assert_array_equal(seen[..., 10:13], whole)
    np.testing.assert_array_equal(
        seen[1, ..., 13:], np.tile(grains[1], (32, 32, 1))
    )
    np.testing.assert_array_equal(seen[:, :8, :, :9], 0.0)


def test_a_smooth_image_has_no_fine_part():
    ramp = np.broadcast_to(np.linspace(-1, 1, 40)[:, None], (40, 40))
    image = np.repeat(ramp[None, ..., None], 3, axis=-1).astype(np.float32)
    fine = judge.fine_part(tf.constant(image)).numpy()
    np.testing.assert_allclose(fine[:, 4:-4, 4:-4], 0.0, atol=1e-6)


def test_a_ground_is_shown_without_its_light():
    structure = RNG.normal(0.0, 0.1, (1, 64, 64, 3)).astype(np.float32)
    density = RNG.random((1, 64, 64, 2)).astype(np.float32)
    share = np.full((1, 64, 64, 1), 0.5, np.float32)
    field = RNG.random((1, 64, 64, 3)).astype(np.float32)
    seen = judge.ground_view(structure, density, share, field=field).numpy()
    np.testing.assert_allclose(seen[..., :3], structure / 0.3, rtol=1e-4)
    np.testing.assert_array_equal(
        seen[..., 6:], np.concatenate([density, share, field], -1)
    )


def test_crops_of_any_size_are_judged_in_patches():
    network = judge.build_residual_discriminator(4)
    for side in (32, 64):
        answers = network(
            {
                "crop": tf.zeros((2, side, side, 22)),
                "ground": tf.zeros((3, 64, 64, 12)),
            }
        )
        assert [x.shape for x in answers["crop_logits"]] == [
            (2, side // 8, side // 8, 1),
            (2, side // 16, side // 16, 1),
        ]
        assert [x.shape for x in answers["ground_logits"]] == [
            (3, 16, 16, 1),
            (3, 8, 8, 1),
            (3, 4, 4, 1),
            (3, 1),
        ]
        assert len(answers["features"]) == 8
