"""Makes annotated images in bulk as an Apache Beam pipeline.

  pip install 'migan-tf[beam]'
  python -m migan_tf.synthesize_beam --vessel_source=deformed --count=100000 \
      --output=gs://BUCKET/synthetic -- --runner=DataflowRunner …

Takes the flags of `migan_tf.synthesize --vessel_source` and makes the same
files; what follows -- goes to Beam. Without it the DirectRunner works here.
"""

from absl import flags

from migan_tf.base import command_line
from migan_tf.inference import model_folder
from migan_tf.synthesis import flags as synthesis_flags

synthesis_flags.define()


def main(argv):
    """Checks the flags and runs the pipeline."""
    values = flags.FLAGS.flag_values_dict()
    command_line.required(vessel_source=values["vessel_source"])
    values = synthesis_flags.checked(values)
    folder, segmenter = model_folder.find(
        "synthesis", values["workdir"], values["model"]
    )
    command_line.choose_kernels(segmenter)
    from migan_tf.synthesis import beam  # TensorFlow, after the flags.

    return beam.run(values, folder, argv[1:])


if __name__ == "__main__":
    command_line.run(main)
