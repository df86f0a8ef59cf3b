"""Applies exported SavedModels as `inference` applies the networks of runs."""

import numpy as np
import tensorflow as tf

from migan_tf.base.config import Config
from migan_tf.base.errors import UserError
from migan_tf.inference import model_folder


class SavedSegmenter:
    """The segmentation signature with what stands around it."""

    def __init__(self, folder):
        """Loads the SavedModel in `folder`.

        Raises:
          UserError: it is not a segmentation of this program.
        """
        training = model_folder.read_card(folder, "segmentation")["training"]
        self._folder = folder
        self.validation_threshold = training.get("best_threshold")
        self._loaded = _load(folder)

    def config(self) -> Config:
        """The `Config` of the run that it was exported from."""
        return model_folder.config_of(self._folder, "segmentation")

    def network(self, standardized_fundus, training=False):
        """The bare network: vessel_logits (B,S,S,1) of (B,S,S,3) z-scores."""
        del training  # Not what an exported network does.
        return self._loaded.network(standardized_fundus)

    def __call__(self, fundus):
        """Finds the vessels of one photograph.

        Args:
          fundus: (H,W,3) uint8.

        Returns:
          (vessel_probability, vessel_map): (H,W) float32 and (H,W) bool; or
          None where there is no fundus to be found.
        """
        found = _call(self._loaded, fundus=tf.constant(fundus[None]))
        if not found["fov_mask"].numpy().any():
            return None
        probability = found["vessel_probability"].numpy()[0, ..., 0]
        return probability, found["vessel_map"].numpy()[0, ..., 0] > 0


def segment_photographs(segmenter, images):
    """Applies a `SavedSegmenter`, which finds the FOV by itself.

    Returns:
      List of dicts with the fields of `report.ScoredImage`, whose
      `fov_mask` is the photograph's own.
    """
    rows = []
    for photograph in images:
        probability = np.zeros(photograph.fov_mask.shape, np.float32)
        if found := segmenter(photograph.fundus):
            probability = found[0]
        rows.append(dict(vessel_probability=probability, **vars(photograph)))
    return rows


class SavedGenerator:
    """The synthesis signature; called as `run_networks.Generator` is."""

    def __init__(self, folder):
        """Loads the SavedModel in `folder`.

        Raises:
          UserError: it is not a synthesis of this program.
        """
        card = model_folder.read_card(folder, "synthesis")
        flags = card["training"]["flags"]
        self._noise_size = flags["noise_size"]
        self._noise_stddev = flags["evaluation_noise_stddev"]
        self._loaded = _load(folder)

    def __call__(self, vessel_map, seed, noise_stddev=None):
        """Paints one vessel map; see `run_networks.Generator`."""
        if noise_stddev is None:
            noise_stddev = self._noise_stddev
        rng = np.random.default_rng(seed)
        noise = rng.normal(0.0, noise_stddev, (1, self._noise_size))
        found = _call(
            self._loaded,
            vessel_map=tf.constant(vessel_map, tf.float32)[None, ..., None],
            noise=tf.constant(noise, tf.float32),
        )
        painted = found["vessel_map"].numpy()[0, ..., 0] / np.float32(255)
        return painted, found["fundus"].numpy()[0]


def _call(loaded, **inputs):
    try:
        return loaded.signatures["serving_default"](**inputs)
    except tf.errors.InvalidArgumentError as error:
        # The graph's own reason, before TensorFlow's report of where it stood.
        reason = str(error).partition("[")[2].partition("]")[0]
        raise UserError(f"refused by the model: {reason or error}") from error


def _load(folder):
    """The SavedModel; its signatures live as long as it is kept."""
    try:
        return tf.saved_model.load(str(folder))
    except (OSError, ValueError, tf.errors.OpError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(
            f"{folder} is damaged: {reason}. Export it anew: python -m "
            "export.saved_model --workdir=RUN"
        ) from error
