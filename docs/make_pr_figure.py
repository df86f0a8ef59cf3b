r"""Draws the precision-recall figure of docs/results.md.

  python docs/make_pr_figure.py --dataset=drive --output=docs/pr_drive.png \
      --model="this program=export/models/migan_segmentation_drive" \
      --predictions=DRIU=DIR

It shows any number of SavedModels and of folders of published probability maps,
each scored on the dataset's test split inside the FOV, and the second
annotator.
"""

from absl import flags

from migan_tf.base import command_line, files, image_files, map_values
from migan_tf.base.errors import UserError
from migan_tf.base.pairing import pair
from migan_tf.data import photographs
from migan_tf.evaluation import report, tallies
from migan_tf.evaluation.scored_image import ScoredImage
from migan_tf.inference import load, model_folder
from migan_tf.metrics import figures

PROTOCOL = "paper"

_DATASET = flags.DEFINE_string(
    "dataset", "drive", "Dataset whose test split is scored."
)
_DATA_DIR = flags.DEFINE_string("data_dir", "", "Folder of prepared datasets.")
_MANUAL_DIR = flags.DEFINE_string(
    "manual_dir", "", "Folder of the dataset's archives."
)
_MODEL = flags.DEFINE_multi_string(
    "model", [], "NAME=FOLDER of a SavedModel; may be repeated."
)
_PREDICTIONS = flags.DEFINE_multi_string(
    "predictions", [], "NAME=FOLDER of probability maps; may be repeated."
)
_OUTPUT = flags.DEFINE_string("output", "", "The figure, a PNG file.")


def named(flag, value):
    """Returns (name, folder) of NAME=FOLDER."""
    name, _, folder = value.partition("=")
    if not folder:
        raise UserError(f"--{flag} must be NAME=FOLDER. Received: {value}")
    return name, folder


def published_maps(folder, images):
    """Reads a folder's maps in the order of the photographs."""
    found = image_files.list_by_stem("predictions", folder)
    ids = [photograph.image_id for photograph in images]
    pairs = pair(ids, list(found), "predictions")
    planes = {i: image_files.read_plane(found[pairs[i]]) for i in ids}
    return list(map_values.to_unit(planes).values())


def main(argv):
    """Checks the flags and draws."""
    command_line.no_arguments(argv)
    command_line.required(output=_OUTPUT.value)
    source = photographs.Source(
        _DATASET.value, data_dir=_DATA_DIR.value, manual_dir=_MANUAL_DIR.value
    )
    images = photographs.load(source, "test")
    maps = {}
    for value in _MODEL.value:
        name, folder = named("model", value)
        segmenter = load.load_segmenter(
            model_folder.find("segmentation", model=folder)
        )
        maps[name] = [segmenter(p.fundus).vessel_probability for p in images]
    for value in _PREDICTIONS.value:
        name, folder = named("predictions", value)
        maps[name] = published_maps(folder, images)
    if not maps:
        raise UserError("give --model or --predictions. Received: neither")
    curves, human = {}, None
    for name, planes in maps.items():
        scored = [
            ScoredImage(vessel_probability=plane, **vars(photograph))
            for photograph, plane in zip(images, planes, strict=True)
        ]
        found = tallies.of(scored, PROTOCOL)
        scores = report.scores_of(found, bootstrap_samples=0)
        area, human = scores["pooled"]["auc_pr"], scores["human"]
        curves[f"{name}: {area:.4f}"] = found.curves()["first"].curve
    note = f"{_DATASET.value}, test split; the legend has the AUC-PR"
    figure = figures.precision_recall_figure(curves, human, note)
    files.write_image(_OUTPUT.value, figures.picture_of(figure))


if __name__ == "__main__":
    command_line.run(main)
