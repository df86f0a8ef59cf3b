"""Applies the trained networks of a run to photographs and vessel maps."""

import dataclasses
import pathlib
import warnings

import numpy as np
import tensorflow as tf
from absl import logging

from migan_tf.base import run_record
from migan_tf.base.config_checks import TOTAL_STRIDE
from migan_tf.base.errors import UserError
from migan_tf.data import geometry
from migan_tf.data.fov import find_fov_mask
from migan_tf.inference.contrast import MOST
from migan_tf.inference.protocols import Painting, Segmentation
from migan_tf.inference.test_time_augmentation import mean_over_views
from migan_tf.metrics.segmentation import otsu_threshold
from migan_tf.models import style_code
from migan_tf.models.build import build_network, generator_inputs
from migan_tf.models.delta_layers import resample
from migan_tf.models.weights import weights_sha256

# What h5py and Keras raise for a file that is damaged or another network's.
_DAMAGED = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
    UserWarning,
)


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
    weights = run_record.best_weights(folder)
    network = build_network(config, task_name)
    load_weights(network, weights)
    _compare_with_record(network, folder)
    return network, config


def load_weights(network, path) -> None:
    """Loads what a run has kept as its best weights.

    Args:
      network: Keras model of the run's flags.
      path: the file `best/network.weights.h5` of a task's folder.

    Raises:
      UserError: the file is damaged, or is of other flags.
    """
    folder = pathlib.Path(path).parents[1]
    try:
        with warnings.catch_warnings():
            # Keras warns of layers that are not in the file, and skips them.
            warnings.simplefilter("error", UserWarning)
            network.load_weights(path)
    except _DAMAGED as error:
        reason = (str(error) or repr(error)).splitlines()[0]
        raise UserError(
            f"{path} does not hold a {folder.name} network of the flags in "
            f"{folder}/run.json: {reason}. Next: train on, which writes it "
            f"anew: {run_record.train_command(folder)}"
        ) from error


def _compare_with_record(network, folder):
    """Says where the weights are not those that validation has judged."""
    if not (folder / run_record.BEST_SCORES).exists():
        return
    recorded = run_record.best_scores(folder).get("weights_sha256")
    if recorded not in (None, weights_sha256(network.weights)):
        logging.warning(
            "%s: the weights are not those of which %s tells: changed, "
            "damaged, or of a run that is being trained",
            folder / run_record.BEST_WEIGHTS,
            run_record.BEST_SCORES.name,
        )


# A frame's side over the diameter of its FOV, in DRIVE's centred squares.
_FRAME = 565 / 540


class NetworkSegmenter:
    """S with all that stands before and after it; a `protocols.Segmenter`."""

    def __init__(self, network, config):
        """Keeps the network and how its run prepared photographs."""
        self.config = config
        self._bare = network
        self._network = tf.function(network, reduce_retracing=True)

    @property
    def weights_sha256(self):
        """Of its weights; see `protocols.Segmenter`."""
        return weights_sha256(self._bare.weights)

    def __call__(self, fundus, fov_mask=None) -> Segmentation:
        """Finds the vessels of one photograph; see `protocols.Segmenter`."""
        if fov_mask is None:
            fov_mask = find_fov_mask(fundus).numpy()
        if not fov_mask.any():
            nothing = np.zeros(fov_mask.shape, np.float32)
            return Segmentation(nothing, fov_mask, fov_mask)
        probability = self.photograph_probability(fundus, fov_mask)
        probability = probability.numpy()[..., 0]
        threshold = otsu_threshold(probability[fov_mask])
        vessel_map = (probability >= threshold) & fov_mask
        return Segmentation(probability, vessel_map, fov_mask)

    def photograph_probability(self, fundus, fov_mask):
        """vessel_probability of a photograph, in TensorFlow ops only.

        Args:
          fundus: (H,W,3) uint8.
          fov_mask: (H,W) bool.

        Returns:
          (H,W,1) float32 in [0,1], 0 outside the FOV.
        """
        config = self.config
        unit, square_mask = geometry.network_fundus(
            fundus, fov_mask, size=config.image_size, geometry=config.geometry
        )
        standardized_fundus = geometry.standardize(unit, square_mask)
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
        return mean_over_views(
            lambda image: tf.sigmoid(self.logits(image)),
            standardized_fundus,
            flips=config.test_time_flips,
            transposes=config.test_time_transposes,
            rotations=config.test_time_rotations,
        )


class NetworkGenerator:
    """G with its noise; a `protocols.Generator`."""

    def __init__(self, network, config, image_size=0):
        """Keeps the network and how its run prepared vessel maps.

        Args:
          network: Keras model, or a function that is called like it.
          config: the run's `Config`.
          image_size: side in pixels of what is painted; 0: as it was trained.

        Raises:
          UserError: it cannot paint that size.
        """
        self.is_delta = config.generator == "delta"
        self.config = resized(config, image_size)
        self._bare = network
        self._style = (None, None)  # the last photograph and its style
        self._network = tf.function(network, reduce_retracing=True)

    @property
    def weights_sha256(self):
        """Of its weights; see `protocols.Generator`."""
        return weights_sha256(self._bare.weights)

    def __call__(
        self,
        vessel_map,
        seed,
        noise_stddev=None,
        fov_mask=None,
        contrast=1.0,
        style_fundus=None,
    ) -> Painting:
        """Paints one vessel map; see `protocols.Generator`."""
        config = self.config
        if not self.is_delta:
            refuse_delta_arguments(contrast, style_fundus)
        elif not 0.0 <= contrast <= MOST:
            raise ValueError(
                f"`contrast` must be from 0 to {MOST:g}. Received: "
                f"contrast={contrast}"
            )
        if noise_stddev is None:
            noise_stddev = config.evaluation_noise_stddev
        rng = np.random.default_rng(seed)
        noise = rng.normal(0.0, noise_stddev, config.noise_size)
        painted_map, fundus, painted_fov = self.paint(
            tf.constant(vessel_map, tf.float32)[..., None],
            tf.constant(noise, tf.float32),
            fov_mask=fov_mask,
            contrast=contrast,
            style=self._style_of(style_fundus),
        )
        if not self.is_delta:
            painted_fov = find_fov_mask(fundus)
        return Painting(
            fundus.numpy(),
            painted_map.numpy()[..., 0],
            np.reshape(painted_fov, fundus.shape[:2]) > 0,
        )

    def paint(self, vessel_map, noise, fov_mask=None, contrast=1.0, style=None):
        """Paints one vessel map with a given noise, in TensorFlow ops only.

        Args:
          vessel_map: (H,W,1) float32 in [0,1], of any size.
          noise: (noise_size,) float32.
          fov_mask: (H,W) in {0,1}, or None.
          contrast: of the vessels, a number or float32 scalar.
          style: (style_code.SIZE,) float32, or None.

        Returns:
          (painted_map, fundus, painted_fov): (S,S,1) float32, (S,S,3) uint8 and
          (S,S,1) float32 in {0,1}, of which the paper's generator knows
          nothing.
        """
        config = self.config
        if not self.is_delta:
            fov_mask = None  # It paints the one that it has learned.
        painted_map = resampled_map(vessel_map, config, fov_mask)
        inside = tf.ones_like(painted_map)
        if fov_mask is not None:
            inside = geometry.network_fov_mask(
                fov_mask, config.image_size, config.geometry
            )
        elif self.is_delta:
            inside = self.common_fov_mask()
        if self.is_delta:
            painted_map *= inside
        if style is not None:
            style = style[None]
        inputs = generator_inputs(
            config.generator,
            _softened(painted_map)[None]
            if self.is_delta
            else painted_map[None],
            noise=noise[None],
            fov_mask=inside[None],
            contrast=tf.reshape(tf.cast(contrast, tf.float32), (1, 1)),
            style=style,
        )
        fundus = self._network(inputs, training=False)
        levels = tf.round((fundus[0] + 1.0) * 127.5)
        return painted_map, tf.cast(levels, tf.uint8), inside

    def common_fov_mask(self):
        """The FOV that delta paints where none is given, (S,S,1)."""
        layer = self._bare.get_layer("drawn_style")
        return layer.common_fov_mask(self.config.image_size)

    def _style_of(self, style_fundus):
        """The style of a photograph, found once for images in a row."""
        if style_fundus is None:
            return None
        if self._style[0] is not style_fundus:
            fov_mask = find_fov_mask(style_fundus)
            if not tf.reduce_any(fov_mask):
                raise UserError(
                    "`style_fundus` must be a photograph of a fundus. "
                    "Received: one in which none is found"
                )
            self._style = (
                style_fundus,
                photograph_style(style_fundus, fov_mask, self.config),
            )
        return self._style[1]


def photograph_style(fundus, fov_mask, config):
    """The style of a photograph of any size, in TensorFlow ops only.

    Args:
      fundus: (h,w,3) uint8.
      fov_mask: (h,w) bool.
      config: the `Config` of the generator that takes it.

    Returns:
      (style_code.SIZE,) float32.
    """
    framed, inside = _framed(fundus, fov_mask)
    unit, inside = geometry.network_fundus(
        framed, inside, size=config.image_size, geometry="stretch"
    )
    return style_code.style_code(unit[None] * 2.0 - 1.0, inside[None])[0]


def _framed(fundus, fov_mask):
    """The square about a FOV, as much larger as the networks' squares are.

    So the light of any photograph covers what is painted, and its grain is at
    its scale, wherever in the frame the FOV lies.
    """
    fov_mask = tf.cast(fov_mask, tf.bool)
    planes = tf.concat(
        [tf.cast(fundus, tf.uint8), tf.cast(fov_mask, tf.uint8)[..., None]], -1
    )
    bounds = []
    for axis in (1, 0):
        used = tf.where(tf.reduce_any(fov_mask, axis))
        first, last = tf.reduce_min(used), tf.reduce_max(used)
        bounds.append(tf.cast(tf.stack([first, last + 1]), tf.int32))
    (top, bottom), (left, right) = map(tf.unstack, bounds)
    planes = planes[top:bottom, left:right]
    side = tf.reduce_max(tf.shape(planes)[:2])
    side = tf.cast(tf.round(_FRAME * tf.cast(side, tf.float32)), tf.int32)
    planes = tf.image.resize_with_crop_or_pad(planes, side, side)
    return planes[..., :3], planes[..., 3] > 0


def resampled_map(vessel_map, config, fov_mask=None):
    """A vessel map of any size as a generator takes it.

    Args:
      vessel_map: (H,W,1) float32 in [0,1].
      config: the generator's `Config`.
      fov_mask: (H,W) in {0,1}, or None where no FOV is known.

    Returns:
      (S,S,1) float32 in [0,1].
    """
    if fov_mask is None:
        fov_mask = tf.zeros(tf.shape(vessel_map)[:2], tf.bool)
    side = geometry.square_side(fov_mask)
    return geometry.to_network(
        vessel_map, config.image_size, geometry=config.geometry, side=side
    )


def _softened(vessel_map):
    """A map of zeros and ones alone as one that was resampled.

    Training maps are, so that their thinnest vessels are not whole ones.

    Args:
      vessel_map: (S,S,1) float32 in [0,1].

    Returns:
      The same, or, where no value lies between 0 and 1, filtered by [1 3 1]/5.
    """
    between = (vessel_map > 0.0) & (vessel_map < 1.0)
    return tf.cond(
        tf.reduce_any(between),
        lambda: vessel_map,
        lambda: resample(vessel_map[None])[0],
    )


def resized(config, image_size):
    """The `Config` of a generator that paints another size, 0 for its own.

    Raises:
      UserError: it is not one of --generator=delta, or the size does not fit.
    """
    if image_size in (0, config.image_size):
        return config
    if config.generator != "delta" or image_size % TOTAL_STRIDE:
        raise UserError(
            "--image_size must be that of the generator, or, for one of "
            f"--generator=delta, a multiple of {TOTAL_STRIDE}. Received: "
            f"--image_size={image_size} for a --generator={config.generator} "
            f"of {config.image_size}. Next: --image_size={config.image_size}"
        )
    return dataclasses.replace(config, image_size=image_size)


def refuse_delta_arguments(contrast, style_fundus) -> None:
    """Raises `UserError` where the paper's generator is asked for more."""
    if contrast != 1.0 or style_fundus is not None:
        raise UserError(
            "--contrast and --style_fundus are of generators that were "
            "trained with --generator=delta. Received: one of "
            "--generator=migan. Give another --model or --workdir"
        )
