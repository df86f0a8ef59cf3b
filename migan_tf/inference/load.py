"""Loads a trained segmenter or generator, of a run or of a SavedModel."""

import dataclasses

from migan_tf.inference import run_networks, saved_models
from migan_tf.inference.protocols import Generator, Segmenter


def load_segmenter(folder, one_view=False, takes_fov=False) -> Segmenter:
    """The segmenter in a folder.

    Args:
      folder: `model_folder.ModelFolder` of a segmentation.
      one_view: whether to look at a photograph once only, and not from the
        several sides that the run's flags ask for. The gate of synthetic
        pairs and the scores of painted images do: eight views cost eight
        times as much and say no more about whether vessels are there.
      takes_fov: whether a field of view that is given counts. The graph of a
        SavedModel searches for its own; with this its bare network is applied.

    Raises:
      UserError: its weights are absent or damaged.
    """
    if folder.is_saved_model:
        segmenter = saved_models.SavedSegmenter(folder)
        if not one_view and not takes_fov:
            return segmenter
        network, config = segmenter.network, folder.config
    else:
        network = run_networks.load_network(folder.path, folder.task)[0]
        config = folder.config
    if one_view:
        config = dataclasses.replace(
            config,
            test_time_flips=False,
            test_time_transposes=False,
            test_time_rotations=1,
        )
    return run_networks.NetworkSegmenter(network, config)


def load_generator(folder, image_size=0) -> Generator:
    """The generator in a folder.

    Args:
      folder: `model_folder.ModelFolder` of a synthesis.
      image_size: side in pixels of what is painted; 0: as it was trained.

    Raises:
      UserError: its weights are absent or damaged, or it paints no other size.
    """
    if folder.is_saved_model:
        return saved_models.SavedGenerator(folder, image_size)
    network, config = run_networks.load_network(folder.path, folder.task)
    return run_networks.NetworkGenerator(network, config, image_size)
