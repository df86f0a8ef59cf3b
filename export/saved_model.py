"""Writes a run's networks as SavedModels for TensorFlow Serving.

  python -m export.saved_model --workdir=RUN [--export_dir=export/models]

Writes DIR/migan_segmentation/<version> and DIR/migan_synthesis/<version>, or
one of them where the run has trained one network. The version is the next free
one: nothing is overwritten, and a server that watches the folder never sees
half a model. A model card and warm-up requests go with each. A generator of
--generator=delta may be exported for another size: --task=synthesis
--image_size=1024.
"""

import dataclasses
import re

from migan_tf.base import command_line, run_record, settings
from migan_tf.base.config import TASKS
from migan_tf.base.errors import UserError
from migan_tf.base.settings import field


@dataclasses.dataclass(frozen=True)
class Settings:
    """The flags of the export; each field's help says what it is."""

    workdir: tuple[str, ...] = field(
        default=(),
        help=(
            "A run to export. Repeat the flag to average the segmenters of "
            "several runs in one model."
        ),
        place=True,
        repeated=True,
    )
    export_dir: str = field(
        default="export/models",
        help="Folder of the models; made if it is missing.",
        place=True,
    )
    task: str = field(
        default="all", help="Networks to export.", choices=("all", *TASKS)
    )
    data_dir: str = field(
        default="",
        help="Folder of the run's prepared datasets, if they were moved.",
        place=True,
    )
    variant: str = field(
        default="",
        help="Ends the models' names: migan_segmentation_VARIANT.",
    )
    image_size: int = field(
        default=0,
        help=(
            "Side in pixels of what a generator of --generator=delta is to "
            "paint, a multiple of 64; 0: as it was trained."
        ),
        minimum=0,
    )
    measure: bool = field(
        default=False, help="Score the exported model, for its card."
    )
    reader: str = field(
        default="",
        help=(
            "SavedModel that reads the painted images for --measure of a "
            "synthesis; default: migan_segmentation in --export_dir."
        ),
        place=True,
    )


def main(argv):
    """Checks the flags and exports."""
    command_line.no_arguments(argv)
    given = settings.read(Settings)
    workdirs = list(given.workdir)
    command_line.required(
        workdir="".join(workdirs), export_dir=given.export_dir
    )
    tasks = run_record.tasks_of(workdirs[0], given.task)
    if given.image_size and tasks != ["synthesis"]:
        raise UserError(
            "--image_size is of a generator alone. Received: --image_size="
            f"{given.image_size} for {' and '.join(tasks)}. Add "
            "--task=synthesis"
        )
    if not re.fullmatch(r"\w*", given.variant, re.ASCII):
        raise UserError(
            "--variant must be letters, digits and underscores. Received: "
            f"{given.variant!r}"
        )
    config = run_record.read_config(f"{workdirs[0]}/{tasks[0]}")
    command_line.choose_kernels(config.segmenter, config.generator)
    from . import servable  # TensorFlow, after the flags are right.

    for task in tasks:
        print(
            servable.export(
                workdirs,
                task,
                export_dir=given.export_dir,
                data_dir=given.data_dir,
                variant=given.variant,
                measure=given.measure,
                reader=given.reader,
                image_size=given.image_size,
            )
        )


if __name__ == "__main__":
    settings.define(Settings)
    command_line.run(main)
