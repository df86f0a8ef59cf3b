"""Measures the vessels of photographs and vessel maps: a table in CSV.

  python -m migan_tf.measure PHOTO_OR_MAP_OR_FOLDER… [--output=FILE.csv]
      [--fov_masks=MASK_OR_DIR] [--pixel_size=MICROMETRES]

Density, calibre, tortuosity and branching of all vessels and of the thin and
the wide ones, the unit in each column's name; docs/measures.md says what they
mean. Photographs are segmented first, by the model that comes with the program
or that of --workdir or --model; maps are measured as they are. Exits with 1
when anything was skipped, and says what and why.
"""

from migan_tf.base import command_line, files, settings
from migan_tf.base.errors import UserError
from migan_tf.inference import model_folder
from migan_tf.measurement.flags import Settings


def main(argv):
    """Checks the flags and measures."""
    found = settings.read(Settings)
    command_line.required(output=found.output)
    if len(argv) < 2:
        raise UserError(
            "give photographs, vessel maps or folders of them. Received: none. "
            "Next: python -m migan_tf.measure PHOTO --output=FILE.csv"
        )
    files.check_output(found.output, a_file=True)
    folder = model_folder.find(
        "segmentation", found.workdir, found.model
    ).whole()
    command_line.choose_kernels(folder.config.segmenter)
    from migan_tf.measurement import measure_files

    paths = [files.at_home(path) for path in argv[1:]]
    return measure_files.measure_files(paths, folder, found)


if __name__ == "__main__":
    settings.define(Settings)
    command_line.run(main)
