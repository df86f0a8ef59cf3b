r"""Paints vessel maps as fundus images: a few, or as many as are asked for.

  python -m migan_tf.synthesize --vessel_maps=DIR --samples=4 --seed=0 \
      [--workdir=RUN] [--output=DIR]
  python -m migan_tf.synthesize --vessel_source=deformed --count=1000 \
      [--workdir=RUN] [--format=tfrecord] [--shard=0/4] [--output=DIR]

Without a run the model that comes with the program is taken. The first writes
<stem>_<sample>_fundus.png and <stem>_vessel_map.png, its annotation at the same
size, for each map; with --recursive also for those of sub-folders, which the
output keeps. What is there is not painted again but with --overwrite. The
second makes new vessel maps itself, checks every image before it is written,
and goes on where it was stopped; it exits with 1 where fewer pairs passed than
were asked for. The same seed gives the same images.

A generator of --generator=delta also takes --contrast=0.5:1.2, which draws how
dark vessels are for each image, --style_fundus=PHOTO, in whose light to paint,
and --image_size=1024.
"""

from migan_tf.base import command_line, files, settings
from migan_tf.inference import model_folder
from migan_tf.synthesis import flags


def main(argv):
    """Checks the flags and paints."""
    command_line.no_arguments(argv)
    found = flags.read(flags.Settings)
    if "://" not in found.output:
        files.check_output(found.output)
    folder = model_folder.find("synthesis", found.workdir, found.model).whole()
    flags.check_generator(found, folder)
    command_line.choose_kernels(
        folder.config.segmenter, folder.config.generator
    )
    if found.vessel_source:
        from migan_tf.synthesis import one_machine  # TensorFlow, after flags.

        return one_machine.run(found, folder)
    from migan_tf.inference import contrast, user_files

    return user_files.synthesize_files(
        [found.vessel_maps],
        folder,
        output=found.output,
        samples=found.samples,
        seed=found.seed,
        noise_stddev=found.noise_stddev,
        contrast=contrast.read_contrast(found.contrast),
        style_fundus=found.style_fundus,
        image_size=found.image_size,
        recursive=found.recursive,
        overwrite=found.overwrite,
    )


if __name__ == "__main__":
    settings.define(flags.Settings)
    command_line.run(main)
