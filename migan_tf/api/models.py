"""Which trained network the argument `model` means."""

from migan_tf.api import arguments
from migan_tf.base import command_line, files, run_record
from migan_tf.base.errors import ArgumentTypeError, NotFoundError
from migan_tf.inference import model_folder


def find(model, task) -> model_folder.ModelFolder:
    """The network that is meant; chooses TensorFlow's kernels by it.

    Args:
      model: None for the newest that comes along; of a segmentation one of
        `model_folder.NAMED`; or the folder of a run, of its task, or of a
        SavedModel.
      task: `segmentation` or `synthesis`.

    Raises:
      UserError: there is no such network.
    """
    folder = _find(model, task).whole()
    command_line.choose_kernels(
        folder.config.segmenter, folder.config.generator
    )
    return folder


def _find(model, task):
    named = model_folder.NAMED if task == "segmentation" else {}
    if model is None:
        return model_folder.find(task)
    if not arguments.is_path(model):
        raise ArgumentTypeError(
            "`model` must be a path, a name or None. Received: "
            f"{type(model).__name__}"
        )
    if model in named:
        return model_folder.find(task, model=model)
    path = files.at_home(model)
    if not path.exists():
        names = f"one of {', '.join(map(repr, named))}, " if named else ""
        raise NotFoundError(
            f"`model` must be {names}the folder of a run, or of a SavedModel. "
            f"Received: {str(model)!r}, which is not there"
        )
    if run_record.is_run(path / task):
        return model_folder.open_folder(path / task, task)
    return model_folder.find(task, model=str(path))
