r"""Paints vessel maps as fundus images: a few, or as many as are asked for.

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

from migan_tf.base import command_line, settings
from migan_tf.inference import model_folder
from migan_tf.synthesis import flags


def main(argv):
    """Checks the flags and paints."""
    command_line.no_arguments(argv)
    found = flags.read(flags.Settings)
    folder = model_folder.find("synthesis", found.workdir, found.model)
    command_line.choose_kernels(folder.config.segmenter)
    if found.vessel_source:
        from migan_tf.synthesis import one_machine  # TensorFlow, after flags.

        return one_machine.run(found, folder)
    from migan_tf.inference import user_files

    return user_files.synthesize_files(
        [found.vessel_maps],
        folder,
        output=found.output,
        samples=found.samples,
        seed=found.seed,
        noise_stddev=found.noise_stddev,
    )


if __name__ == "__main__":
    settings.define(flags.Settings)
    command_line.run(main)
