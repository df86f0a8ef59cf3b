"""Paints vessel maps as fundus images: a few, or as many as are asked for.

  python -m migan_tf.synthesize --vessel_maps=DIR --samples=4 --seed=0 \
      [--workdir=RUN] [--output=DIR]
  python -m migan_tf.synthesize --vessel_source=deformed --count=1000 \
      [--workdir=RUN] [--format=tfrecord] [--shard=0/4] [--output=DIR]

Without a run the model that comes with the program is taken. The first writes
<stem>_<sample>_fundus.png and <stem>_vessel_map.png, its annotation at the same
size, for each map. The second makes new vessel maps itself, checks every image
before it is written, and goes on where it was stopped. The same seed gives the
same images.
"""

from absl import flags

from migan_tf import entry, model_folder, synthetic_flags

synthetic_flags.define()
_SAMPLES = flags.DEFINE_integer(
    "samples", 1, "Images of each map, without --vessel_source.", 1
)
_SHARD = flags.DEFINE_string(
    "shard",
    "0/1",
    "i/n: the i-th of n machines, from 0, that share a job of --vessel_source.",
)
_WORKERS = flags.DEFINE_integer(
    "workers", 0, "Processes of --vessel_source; 0: one for each core.", 0
)


def main(argv):
    """Checks the flags and paints."""
    entry.no_arguments(argv)
    values = flags.FLAGS.flag_values_dict()
    given = {name for name in values if flags.FLAGS[name].present}
    check = synthetic_flags.checked
    if not values["vessel_source"]:
        check = synthetic_flags.checked_plain
    values = check(values, given)
    folder, segmenter = model_folder.find(
        "synthesis", values["workdir"], values["model"]
    )
    entry.choose_kernels(segmenter)
    if values["vessel_source"]:
        from migan_tf import synthetic_run  # TensorFlow, after the flags.

        return synthetic_run.run(values, folder, _SHARD.value, _WORKERS.value)
    from migan_tf import own_images

    return own_images.synthesize_files(
        [values["vessel_maps"]],
        folder,
        values["output"],
        _SAMPLES.value,
        values["seed"],
        values["noise_stddev"],
    )


if __name__ == "__main__":
    entry.run(main)
