"""Paints vessel maps as fundus images.

  python -m migan_tf.synthesize --vessel_maps=DIR --samples=4 --seed=0 \
      [--workdir=RUN] [--output=DIR]

Without a run the model that comes with the program is taken. Writes
<stem>_<sample>_fundus.png and <stem>_vessel_map.png, its annotation at the same
size, for each map. The same seed gives the same images.
"""

from absl import flags

from migan_tf import entry, model_folder

_WORKDIR = flags.DEFINE_string("workdir", "", "A run with a generator.")
_MODEL = flags.DEFINE_string(
    "model",
    "",
    "Instead of it: a SavedModel or a folder RUN/synthesis. Without both: "
    "the newest in export/models.",
)
_MAPS = flags.DEFINE_string("vessel_maps", "", "A map or a folder of maps.")
_SAMPLES = flags.DEFINE_integer("samples", 1, "Images of each map.", 1)
_SEED = flags.DEFINE_integer("seed", 0, "Seed of the noise codes.", 0)
_STDDEV = flags.DEFINE_float(
    "noise_stddev", None, "σ of the noise; default: the run's.", 0.0
)
_OUTPUT = flags.DEFINE_string("output", "fundi", "Folder of the results.")


def main(argv):
    """Checks the flags and paints."""
    entry.no_arguments(argv)
    entry.required(vessel_maps=_MAPS.value, output=_OUTPUT.value)
    folder, segmenter = model_folder.find(
        "synthesis", _WORKDIR.value, _MODEL.value
    )
    entry.choose_kernels(segmenter)
    from migan_tf import own_images  # TensorFlow, after the flags are right.

    return own_images.synthesize_files(
        [_MAPS.value],
        folder,
        _OUTPUT.value,
        _SAMPLES.value,
        _SEED.value,
        _STDDEV.value,
    )


if __name__ == "__main__":
    entry.run(main)
