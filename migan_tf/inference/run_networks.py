"""Applies the trained networks of a run to photographs and vessel maps."""

import json
import pathlib
import warnings

import numpy as np
import tensorflow as tf

from migan_tf.base import run_record
from migan_tf.base.errors import UserError
from migan_tf.data import geometry
from migan_tf.inference import model_folder, test_time_augmentation
from migan_tf.models.build import build_network


def load_network(folder, task_name):
    """The network of one task of a run that was best on validation.

    Args:
      folder: the task's folder, such as RUN/segmentation.
      task_name: `segmentation` or `synthesis`.

    Returns:
      (network, config): a Keras model in float32 and the run's `Config`.

    Raises:
      UserError: no such run, or it has not been validated yet.
    """
    folder = pathlib.Path(folder)
    config = run_record.read_config(folder)
    weights = model_folder.weights_of(folder)
    network = build_network(config, task_name)
    try:
        with warnings.catch_warnings():
            # Keras warns of layers that are not in the file, and skips them.
            warnings.simplefilter("error", UserWarning)
            network.load_weights(weights)
    except (ValueError, OSError, UserWarning) as error:
        raise UserError(
            f"{weights} does not hold a {task_name} network of the flags in "
            f"{folder}/run.json: {str(error).splitlines()[0]}"
        ) from error
    return network, config


class Segmenter:
    """S with all that stands before and after it."""

    def __init__(self, network, config):
        """Keeps the network and how its run prepared photographs."""
        self.config = config
        self._network = tf.function(network, reduce_retracing=True)

    def __call__(self, fundus, fov_mask):
        """Finds the vessels of one photograph.

        Args:
          fundus: (H,W,3) uint8.
          fov_mask: (H,W) bool.

        Returns:
          vessel_probability (H,W) float32 in [0,1], 0 outside the FOV.
        """
        return self.photograph_probability(fundus, fov_mask).numpy()[..., 0]

    def photograph_probability(self, fundus, fov_mask):
        """The same as a tensor (H,W,1), in TensorFlow ops only."""
        config = self.config
        _, standardized_fundus, _ = geometry.network_fundus(
            fundus,
            fov_mask,
            image_size=config.image_size,
            geometry=config.geometry,
        )
        probability = self.probability(standardized_fundus[None])
        return geometry.from_network(probability[0], fov_mask, config.geometry)

    def logits(self, standardized_fundus):
        """vessel_logits (B,S,S,1) of a standardized batch (B,S,S,3)."""
        return self._network(standardized_fundus, training=False)

    def probability(self, standardized_fundus):
        """vessel_probability (B,S,S,1) of a standardized batch (B,S,S,3).

        The mean over the views of --test_time_flips, --test_time_transposes
        and --test_time_rotations; see `test_time_augmentation`.
        """
        config = self.config
        return test_time_augmentation.mean_over_views(
            lambda image: tf.sigmoid(self.logits(image)),
            standardized_fundus,
            flips=config.test_time_flips,
            transposes=config.test_time_transposes,
            rotations=config.test_time_rotations,
        )


class Generator:
    """G with its noise."""

    def __init__(self, network, config):
        """Keeps the network and the size it was trained at."""
        self._config = config
        self._network = tf.function(network, reduce_retracing=True)

    def __call__(self, vessel_map, seed, noise_stddev=None):
        """Paints one vessel map.

        Args:
          vessel_map: (H,W) float in [0,1], of any size: it is resampled as
            the run's training maps were, without knowledge of a FOV.
          seed: the noise code is a function of it.
          noise_stddev: σ; default the run's --evaluation_noise_stddev.

        Returns:
          (painted_map, fundus): (S,S) float32, the map as painted, and
          (S,S,3) uint8.
        """
        config = self._config
        if noise_stddev is None:
            noise_stddev = config.evaluation_noise_stddev
        rng = np.random.default_rng(seed)
        noise = rng.normal(0.0, noise_stddev, config.noise_size)
        painted, levels = self.paint(
            tf.constant(vessel_map, tf.float32)[..., None],
            tf.constant(noise, tf.float32),
        )
        return painted.numpy()[..., 0], levels.numpy()

    def paint(self, vessel_map, noise):
        """Paints one vessel map with a given noise, in TensorFlow ops only.

        Args:
          vessel_map: (H,W,1) float32 in [0,1], of any size.
          noise: (noise_size,) float32.

        Returns:
          (painted_map, fundus): (S,S,1) float32 and (S,S,3) uint8.
        """
        painted = resampled_map(vessel_map, self._config)
        fundus = self._network([painted[None], noise[None]], training=False)
        levels = tf.round((fundus[0] + 1.0) * 127.5)
        return painted, tf.cast(levels, tf.uint8)


def resampled_map(vessel_map, config):
    """A vessel map of any size as a generator takes it: no FOV is known.

    Args:
      vessel_map: (H,W,1) float32 in [0,1].
      config: the generator's `Config`.

    Returns:
      (S,S,1) float32 in [0,1].
    """
    frame = tf.zeros(tf.shape(vessel_map)[:2], tf.bool)
    side = geometry.square_side(frame)
    return geometry.to_network(
        vessel_map, config.image_size, geometry=config.geometry, side=side
    )


def segment_photographs(segmenter, images):
    """Applies a `Segmenter` to `Photograph`s.

    Returns:
      List of dicts with the fields of `report.ScoredImage`.
    """
    return [
        dict(
            vessel_probability=segmenter(
                photograph.fundus, photograph.fov_mask
            ),
            **vars(photograph),
        )
        for photograph in images
    ]


def validation_threshold(folder):
    """The threshold of best Dice on validation, or None.

    Args:
      folder: `segmentation` of a run.
    """
    path = pathlib.Path(folder) / "best" / "validation.json"
    try:
        return json.loads(path.read_text()).get("best_threshold")
    except FileNotFoundError:
        return None
