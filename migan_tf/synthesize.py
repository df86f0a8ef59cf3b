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

from migan_tf.base import command_line
from migan_tf.inference import model_folder
from migan_tf.synthesis import flags as synthesis_flags

synthesis_flags.define()
_SAMPLES = flags.DEFINE_integer(
    "samples",
    1,
    help="Images of each map, without --vessel_source.",
    lower_bound=1,
)
_SHARD = flags.DEFINE_string(
    "shard",
    "0/1",
    "i/n: the i-th of n machines, from 0, that share a job of --vessel_source.",
)
_WORKERS = flags.DEFINE_integer(
    "workers",
    0,
    help="Processes of --vessel_source; 0: one for each core.",
    lower_bound=0,
)


def main(argv):
    """Checks the flags and paints."""
    command_line.no_arguments(argv)
    values = flags.FLAGS.flag_values_dict()
    given = {name for name in values if flags.FLAGS[name].present}
    check = synthesis_flags.checked
    if not values["vessel_source"]:
        check = synthesis_flags.checked_plain
    values = check(values, given)
    folder, segmenter = model_folder.find(
        "synthesis", values["workdir"], values["model"]
    )
    command_line.choose_kernels(segmenter)
    if values["vessel_source"]:
        from migan_tf.synthesis import (
            one_machine,  # TensorFlow, after the flags.
        )

        return one_machine.run(
            values, folder, shard=_SHARD.value, workers=_WORKERS.value
        )
    from migan_tf.inference import user_files

    return user_files.synthesize_files(
        [values["vessel_maps"]],
        folder,
        output=values["output"],
        samples=_SAMPLES.value,
        seed=values["seed"],
        noise_stddev=values["noise_stddev"],
    )


if __name__ == "__main__":
    command_line.run(main)
