r"""Makes annotated images in bulk as an Apache Beam pipeline.

  pip install 'migan-tf[beam]'
  python -m migan_tf.synthesize_beam --vessel_source=deformed --count=100000 \
      --output=gs://BUCKET/synthetic -- --runner=DataflowRunner …

Takes the flags of `migan_tf.synthesize --vessel_source` and makes the same
files; what follows -- goes to Beam. Without it the DirectRunner works here.
"""

from migan_tf.base import command_line, files, settings
from migan_tf.inference import model_folder
from migan_tf.synthesis import flags


def main(argv):
    """Checks the flags and runs the pipeline."""
    found = settings.read(flags.JobSettings)
    command_line.required(vessel_source=found.vessel_source)
    flags.check(found)
    if "://" not in found.output:
        files.check_output(found.output)
    folder = model_folder.find("synthesis", found.workdir, found.model).whole()
    flags.check_generator(found, folder)
    command_line.choose_kernels(
        folder.config.segmenter, folder.config.generator
    )
    from migan_tf.synthesis import beam  # TensorFlow, after the flags.

    return beam.run(found, folder, argv[1:])


if __name__ == "__main__":
    settings.define(flags.JobSettings)
    command_line.run(main)
