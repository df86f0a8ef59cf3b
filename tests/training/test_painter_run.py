"""The painter trained from its flags to the images of its run."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.inference.load import load_generator
from migan_tf.inference.model_folder import open_folder
from migan_tf.training import trainer

SETTINGS = dict(
    task="synthesis",
    generator="delta",
    noise_size=28,
    base_filters=3,
    discriminator_filters=4,
    image_size=64,
    batch_size=2,
    generator_steps=1,
    log_every=1,
    validate_every=3,
    checkpoint_every=3,
    synthesis_steps=6,
)


def trained(config, workdir, **settings):
    assert (
        trainer.train(
            dataclasses.replace(config, workdir=str(workdir), **settings)
        )
        == 0
    )
    return load_generator(open_folder(workdir / "synthesis", "synthesis"))


def weights_of(workdir):
    reader = tf.train.load_checkpoint(str(workdir / "synthesis/checkpoints"))
    return {
        name: reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        if "save_counter" not in name and "OBJECT_GRAPH" not in name
    }


@pytest.mark.slow
def test_a_stopped_run_goes_on_as_if_it_had_not_been(tiny_config, tmp_path):
    config = dataclasses.replace(
        tiny_config, discriminator="residual", average_decay=0.9, **SETTINGS
    )
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    trained(config, whole)
    # A run whose last checkpoint was cut goes back to the one before it.
    shutil.copytree(whole, stopped)
    for file in stopped.glob("synthesis/checkpoints/ckpt-6.data*"):
        file.write_bytes(file.read_bytes()[:1000])
    paint = trained(config, stopped)
    one, other = weights_of(whole), weights_of(stopped)
    assert one.keys() == other.keys() and len(one) > 100
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)

    rows = [
        json.loads(line)
        for line in (whole / "synthesis/metrics.jsonl").read_text().splitlines()
    ]
    for name in ("deviation_loss", "ground_loss", "d_hinge_loss"):
        assert all(np.isfinite(row[name]) for row in rows if name in row)
    lacking = [r for r in rows if "validation/texture_distance" in r]
    assert [row["step"] for row in lacking] == [3, 6]

    y, x = np.mgrid[:64, :64] - 31.5
    fov_mask = np.hypot(y, x) < 28
    vessel_map = np.zeros((64, 64), np.float32)
    vessel_map[30:32] = 1.0
    painting = paint(vessel_map, 0, fov_mask=fov_mask)
    np.testing.assert_array_equal(painting.fov_mask, fov_mask)
    assert not painting.fundus[~fov_mask].any()
    np.testing.assert_array_equal(painting.vessel_map, vessel_map * fov_mask)
    # Without one it paints where the photographs show the retina.
    common = paint(vessel_map, 0).fov_mask
    assert 0.3 < common.mean() < 0.9


@pytest.mark.slow
def test_the_papers_objective_trains_it_too(tiny_config, tmp_path):
    """Eq. 3 and 4: the image discriminator, L1, G twice for each D, σ."""
    config = dataclasses.replace(
        tiny_config, discriminator="image", noise_stddev=0.001, **SETTINGS
    )
    config = dataclasses.replace(
        config, generator_steps=2, synthesis_steps=2, learning_rate=1e-3
    )
    paint = trained(config, tmp_path)
    # The lights are those of the training photographs all the same.
    style = np.full((80, 80, 3), (200, 120, 60), np.uint8)
    style[:4] = style[-4:] = style[:, :4] = style[:, -4:] = 0
    plain = np.zeros((64, 64), np.float32)
    painted = paint(plain, 0, fov_mask=np.ones((64, 64), bool))
    styled = paint(
        plain, 0, fov_mask=np.ones((64, 64), bool), style_fundus=style
    )
    middle = np.s_[16:48, 16:48]
    colour = styled.fundus[middle].mean(axis=(0, 1))
    np.testing.assert_allclose(colour, (200, 120, 60), atol=25)
    assert np.abs(painted.fundus[middle].mean(axis=(0, 1)) - colour).max() > 5
