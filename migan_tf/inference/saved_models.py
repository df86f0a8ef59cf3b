"""Applies exported SavedModels as `run_networks` applies the nets of runs."""

import numpy as np
import tensorflow as tf

from migan_tf.base import files
from migan_tf.base.errors import UserError
from migan_tf.data.fov import find_fov_mask
from migan_tf.inference import saved_files
from migan_tf.inference.protocols import Painting, Segmentation
from migan_tf.inference.run_networks import (
    NetworkGenerator,
    refuse_delta_arguments,
)

SIGNATURE = "serving_default"
INPUTS = {
    "segmentation": {"fundus"},
    "synthesis": {"noise", "vessel_map"},
}


class SavedSegmenter:
    """The segmentation signature; a `protocols.Segmenter`."""

    def __init__(self, folder):
        """Loads the SavedModel in a `model_folder.ModelFolder`.

        Raises:
          UserError: it is damaged.
        """
        self.config = folder.config
        self.weights_sha256 = folder.identity()["weights_sha256"]
        self._loaded = load(folder)

    def network(self, standardized_fundus, training=False):
        """The bare network: vessel_logits (B,S,S,1) of (B,S,S,3) z-scores."""
        del training  # Not what an exported network does.
        return self._loaded.network(standardized_fundus)

    def __call__(self, fundus, fov_mask=None) -> Segmentation:
        """Finds the vessels of one photograph; see `protocols.Segmenter`."""
        del fov_mask  # The graph finds it.
        outputs = _call(self._loaded, fundus=tf.constant(fundus[None]))
        found = {
            name: outputs[name].numpy()[0, ..., 0]
            for name in ("vessel_probability", "vessel_map", "fov_mask")
        }
        inside = found["fov_mask"] > 0
        probability = found["vessel_probability"]
        if not inside.any():
            probability = np.zeros_like(probability)
        return Segmentation(probability, found["vessel_map"] > 0, inside)


class SavedGenerator:
    """The synthesis of a SavedModel; a `protocols.Generator`.

    The paper's generator is applied by its signature. Of --generator=delta the
    bare network is taken, with all around it as a run has it, since the
    signatures take neither a FOV nor a seed of NumPy.
    """

    def __init__(self, folder, image_size=0):
        """Loads the SavedModel in a `model_folder.ModelFolder`.

        Args:
          folder: the `ModelFolder`.
          image_size: side in pixels of what is painted; 0: its own.

        Raises:
          UserError: it is damaged, or cannot paint that size.
        """
        self.config = folder.config
        is_delta = self.config.generator == "delta"
        if not is_delta and image_size not in (0, self.config.image_size):
            raise UserError(
                "--image_size of a SavedModel of --generator=migan is that of "
                f"its training, {self.config.image_size}. Received: "
                f"--image_size={image_size}. Leave it out"
            )
        self.weights_sha256 = folder.identity()["weights_sha256"]
        self._loaded = load(folder)
        self._delta = None
        if is_delta:
            self._delta = BareGenerator(
                self._loaded.network,
                self._loaded.common_fov_mask,
                config=self.config,
                image_size=image_size,
            )
            self.config = self._delta.config

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
        if self._delta:
            return self._delta(
                vessel_map,
                seed,
                noise_stddev=noise_stddev,
                fov_mask=fov_mask,
                contrast=contrast,
                style_fundus=style_fundus,
            )
        refuse_delta_arguments(contrast, style_fundus)
        if noise_stddev is None:
            noise_stddev = self.config.evaluation_noise_stddev
        rng = np.random.default_rng(seed)
        noise = rng.normal(0.0, noise_stddev, (1, self.config.noise_size))
        found = _call(
            self._loaded,
            vessel_map=tf.constant(vessel_map, tf.float32)[None, ..., None],
            noise=tf.constant(noise, tf.float32),
        )
        fundus = found["fundus"].numpy()[0]
        painted_map = found["vessel_map"].numpy()[0, ..., 0] / np.float32(255)
        return Painting(fundus, painted_map, find_fov_mask(fundus).numpy())


class BareGenerator(NetworkGenerator):
    """A generator of --generator=delta without its Keras model.

    Two functions are what is left of the model in a SavedModel, and what the
    exported signatures are made of.
    """

    # As a SavedModel's `network` takes them.
    INPUTS = (
        "contrast",
        "fov_mask",
        "noise",
        "style",
        "styled",
        "vessel_map",
    )

    def __init__(self, network, common_fov_mask, *, config, image_size=0):
        """Keeps the two functions.

        Args:
          network: function of the `INPUTS`, in their order.
          common_fov_mask: function of a side S, an int32 scalar; returns the
            FOV that is painted where none is given, (S,S,1).
          config: the run's `Config`.
          image_size: side in pixels of what is painted; 0: that of `config`.

        Raises:
          UserError: it cannot paint that size.
        """

        def called_like_keras(inputs, training):
            del training  # Not what an exported network does.
            return network(*[inputs[name] for name in self.INPUTS])

        super().__init__(called_like_keras, config, image_size)
        self._common_fov_mask = common_fov_mask

    def common_fov_mask(self):
        """The FOV that is painted where none is given, (S,S,1)."""
        return self._common_fov_mask(tf.constant(self.config.image_size))


def _call(loaded, **inputs):
    try:
        return loaded.signatures[SIGNATURE](**inputs)
    except tf.errors.InvalidArgumentError as error:
        # The graph's own reason, before TensorFlow's report of where it stood.
        reason = str(error).partition("[")[2].partition("]")[0]
        raise UserError(f"refused by the model: {reason or error}") from error


def load(folder):
    """The SavedModel in a `ModelFolder`; its signatures live as long as it.

    Args:
      folder: the `ModelFolder`.

    Raises:
      UserError: files of it are missing or damaged, or it is none of ours.
    """
    reason = saved_files.fault(folder.path)
    if not reason:
        try:
            with files.plainly_named(folder.path) as path:
                loaded = tf.saved_model.load(str(path))
            signature = loaded.signatures[SIGNATURE]
            found = set(signature.structured_input_signature[1])
            if hasattr(loaded, "network") and found == INPUTS[folder.task]:
                return loaded
            reason = f"it takes {', '.join(sorted(found))} or has no network"
        except Exception as error:  # Of any kind: the files may hold anything.
            reason = str(error).partition("\n")[0] or type(error).__name__
    raise UserError(saved_files.damaged(folder.path, reason))
