"""Makes annotated images in bulk as an Apache Beam pipeline.

  pip install 'migan-tf[beam]'
  python -m migan_tf.synthesize_beam --vessel_source=deformed --count=100000 \
      --output=gs://BUCKET/synthetic -- --runner=DataflowRunner …

Takes the flags of `migan_tf.synthesize --vessel_source` and makes the same
files; what follows -- goes to Beam. Without it the DirectRunner works here.
"""

from absl import flags

from migan_tf import entry, model_folder, synthetic_flags

synthetic_flags.define()


def main(argv):
    """Checks the flags and runs the pipeline."""
    values = flags.FLAGS.flag_values_dict()
    entry.required(vessel_source=values["vessel_source"])
    values = synthetic_flags.checked(values)
    folder, segmenter = model_folder.find(
        "synthesis", values["workdir"], values["model"]
    )
    entry.choose_kernels(segmenter)
    from migan_tf import synthetic_pipeline  # TensorFlow, after the flags.

    return synthetic_pipeline.run(values, folder, argv[1:])


if __name__ == "__main__":
    entry.run(main)
