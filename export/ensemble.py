"""The segmenters of several runs as one network: their mean logits.

Runs that differ in the seed hold out different photographs, so that together
they have learned from all of them. They also make different mistakes, so that
the mean is better than each (as in nnU-Net, Isensee et al. 2021).
"""

import pathlib

import keras

from migan_tf.base.errors import UserError
from migan_tf.inference import run_networks

# Settings of what is done to a photograph before and after the networks.
SHARED = (
    "dataset",
    "image_size",
    "geometry",
    "test_time_flips",
    "test_time_transposes",
    "test_time_rotations",
)


def load_ensemble(workdirs):
    """Loads the segmenters that were best on validation as one network.

    Args:
      workdirs: folders of the runs; one run's network is returned as it is.

    Returns:
      (network, config): a Keras model with the inputs and outputs of
      `segmenter.build_segmenter`, and the `Config` of the first run.

    Raises:
      UserError: a run cannot be loaded (see `run_networks.load_network`), or
        the runs treat photographs differently.
    """
    folders = [pathlib.Path(workdir) / "segmentation" for workdir in workdirs]
    loaded = [run_networks.load_network(f, "segmentation") for f in folders]
    if len(loaded) == 1:
        return loaded[0]
    networks, configs = zip(*loaded, strict=True)
    for name in SHARED:
        values = [str(getattr(config, name)) for config in configs]
        if len(set(values)) > 1:
            raise UserError(
                f"Runs that are averaged must have the same --{name}. "
                f"Received: {', '.join(values)}. Export them one by one"
            )
    fundus = keras.Input(networks[0].input_shape[1:], name="fundus")
    for number, network in enumerate(networks):
        network.name = f"member{number}"  # Each was called `segmenter`.
    logits = [network(fundus) for network in networks]
    mean = keras.layers.Average(name="vessel_logits", dtype="float32")(logits)
    return keras.Model(fundus, mean, name="ensemble"), configs[0]
