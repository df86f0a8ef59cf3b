"""Loads a trained network: of a run, or an exported SavedModel."""

import dataclasses

from migan_tf.data import fov
from migan_tf.inference import model_folder, run_networks, saved_models
from migan_tf.metrics import segmentation


def load_segmenter(folder):
    """A function as `saved_models.SavedSegmenter` is one.

    Args:
      folder: the `segmentation` folder of a run, or a SavedModel.
    """
    if model_folder.is_saved_model(folder):
        return saved_models.SavedSegmenter(folder)
    segmenter = run_networks.Segmenter(
        *run_networks.load_network(folder, "segmentation")
    )

    def find_vessels(fundus):
        fov_mask = fov.find_fov_mask(fundus).numpy()
        if not fov_mask.any():
            return None
        probability = segmenter(fundus, fov_mask)
        threshold = segmentation.otsu_threshold(probability[fov_mask])
        return probability, (probability >= threshold) & fov_mask

    return find_vessels


def load_generator(folder):
    """A function as `run_networks.Generator` is one; see `load_segmenter`."""
    if model_folder.is_saved_model(folder):
        return saved_models.SavedGenerator(folder)
    return run_networks.Generator(
        *run_networks.load_network(folder, "synthesis")
    )


def load_reader(folder):
    """A segmenter of one view, (fundus, fov_mask) -> vessel_probability.

    The views that are averaged for a score cost eight times as much and say
    no more about whether vessels are there.

    Args:
      folder: of a SavedModel, or the `segmentation` of a run.
    """
    if model_folder.is_saved_model(folder):
        saved = saved_models.SavedSegmenter(folder)
        network, config = saved.network, saved.config()
    else:
        network, config = run_networks.load_network(folder, "segmentation")
    one_view = dataclasses.replace(
        config,
        test_time_flips=False,
        test_time_transposes=False,
        test_time_rotations=1,
    )
    return run_networks.Segmenter(network, one_view)
