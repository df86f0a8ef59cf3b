"""Writes a run's networks as SavedModels for TensorFlow Serving.

  python -m export.saved_model --workdir=RUN [--export_dir=export/models]

Writes DIR/migan_segmentation/<version> and DIR/migan_synthesis/<version>, of
what the run has, each with the next free version: nothing is overwritten, and
a server that watches the folder never sees half a model. A model card and
warm-up requests go with each.
"""

import re

from absl import flags

from migan_tf.base import command_line, run_record
from migan_tf.base.errors import UserError

_WORKDIR = flags.DEFINE_multi_string(
    "workdir", [], "A run. Repeat it to average their segmenters in one model."
)
_EXPORT_DIR = flags.DEFINE_string(
    "export_dir", "export/models", "Folder of the models; made."
)
_TASK = flags.DEFINE_enum(
    "task",
    "all",
    enum_values=["all", "segmentation", "synthesis"],
    help="What to export.",
)
_DATA_DIR = flags.DEFINE_string(
    "data_dir", "", "Prepared datasets, where they have moved since."
)
_VARIANT = flags.DEFINE_string(
    "variant", "", "Ends the models' names: migan_segmentation_VARIANT."
)
_MEASURE = flags.DEFINE_bool(
    "measure", False, "Score the exported model, for its card."
)
_READER = flags.DEFINE_string(
    "reader",
    "",
    "For --measure of a synthesis: the SavedModel that reads painted images; "
    "default migan_segmentation in --export_dir.",
)


def main(argv):
    """Checks the flags and exports."""
    command_line.no_arguments(argv)
    workdirs = _WORKDIR.value
    command_line.required(
        workdir="".join(workdirs), export_dir=_EXPORT_DIR.value
    )
    tasks = run_record.tasks_of(workdirs[0], _TASK.value)
    if not re.fullmatch(r"\w*", _VARIANT.value, re.ASCII):
        raise UserError(
            "--variant must be letters, digits and underscores. Received: "
            f"{_VARIANT.value!r}"
        )
    config = run_record.read_config(f"{workdirs[0]}/{tasks[0]}")
    command_line.choose_kernels(config.segmenter)
    from . import servable  # TensorFlow, after the flags are right.

    for task in tasks:
        print(
            servable.export(
                workdirs,
                task,
                export_dir=_EXPORT_DIR.value,
                data_dir=_DATA_DIR.value,
                variant=_VARIANT.value,
                measure=_MEASURE.value,
                reader=_READER.value,
            )
        )


if __name__ == "__main__":
    command_line.run(main)
