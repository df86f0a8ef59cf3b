"""Exports one network of a run as a versioned folder that a server can take."""

import contextlib
import dataclasses
import pathlib
import shutil
import tempfile

import numpy as np
import tensorflow as tf

from migan_tf.base import files
from migan_tf.base.errors import UserError
from migan_tf.data import geometry, photographs
from migan_tf.inference import model_folder, run_networks

from . import (
    card_figures,
    delta_signatures,
    ensemble,
    model_card,
    signatures,
    warm_up,
)


def export(
    workdirs,
    task,
    export_dir,
    data_dir="",
    variant="",
    measure=False,
    reader="",
    image_size=0,
) -> pathlib.Path:
    """Writes the network of one task that was best on validation.

    Args:
      workdirs: the run's folder, or those of several runs whose segmenters
        are averaged.
      task: `segmentation` or `synthesis`.
      export_dir: folder of the models.
      data_dir: folder of the prepared datasets; by default that of the run.
      variant: tells the model from others of the same task, such as `drive`;
        letters, digits and underscores.
      measure: whether to score the SavedModel on the test split for its card.
      reader: SavedModel that reads painted images where they are scored; by
        default migan_segmentation in `export_dir`.
      image_size: side in pixels of what the generator is to paint; 0: as it
        was trained. Only one of --generator=delta paints other sizes.

    Returns:
      The folder export_dir/migan_<task>[_<variant>]/<version>.

    Raises:
      UserError: there is no such network, or the folder cannot be written.
    """
    warm_up.protocol()  # A missing package should be told before any work.
    if task == "segmentation":
        network, config = ensemble.load_ensemble(workdirs)
    elif len(workdirs) == 1:
        folder = pathlib.Path(workdirs[0]) / task
        network, config = run_networks.load_network(folder, task)
    else:
        raise UserError(
            "--workdir: only segmenters can be averaged. Received: "
            f"{len(workdirs)} runs. Add --task=segmentation"
        )
    if data_dir:
        config = dataclasses.replace(config, data_dir=data_dir)
    if task == "synthesis":
        config = run_networks.resized(config, image_size)
    module, functions = _signatures(network, config, task)
    name = f"migan_{task}_{variant}" if variant else f"migan_{task}"
    models = files.at_home(export_dir)
    if measure:  # Missing data should be told before any work.
        splits = card_figures.test_splits(config)
        if task == "synthesis":
            reader = _find_reader(reader or models / "migan_segmentation")
    with new_version(models / name) as place:
        tf.saved_model.save(module, str(place.temporary), functions)
        extra = place.temporary / "assets.extra"
        extra.mkdir()
        warm_up.write(
            extra / warm_up.FILE_NAME, name, functions=functions, config=config
        )
        card = model_card.make(
            workdirs,
            task,
            network=network,
            name=name,
            version=place.version,
            image_size=config.image_size,
        )
        model_card.write(extra, card)
        if measure:
            card["metrics"] = _measured(
                place.temporary, task, splits=splits, reader=reader
            )
            model_card.write(extra, card)
    return place.folder


def _signatures(network, config, task):
    """The module and the served functions of a network."""
    if task == "segmentation":
        return signatures.segmentation(network, config)
    if config.generator == "delta":  # It has kept the FOV of its photographs.
        return delta_signatures.synthesis(network, config)
    return signatures.synthesis(network, config, common_fov_mask(config))


def _find_reader(folder):
    try:
        return model_folder.find("segmentation", model=str(folder))
    except UserError as error:
        raise UserError(
            "--measure of a synthesis needs a segmentation that reads the "
            f"painted images: --reader=SAVEDMODEL. Received: {error}"
        ) from None


def _measured(folder, task, splits, reader):
    exported = model_folder.open_folder(folder, task)
    try:
        if task == "segmentation":
            return card_figures.segmentation(exported, splits)
        return card_figures.synthesis(exported, splits, reader)
    except (OSError, tf.errors.OpError) as error:
        raise UserError(
            f"--measure: the exported model could not be applied: {error}"
        ) from error


def common_fov_mask(config):
    """Finds where most of the training photographs show the retina.

    Args:
      config: the run's `Config`.

    Returns:
      (S,S,1) bool at the networks' size.
    """
    source = photographs.Source.of(config)
    share = np.mean(
        [
            geometry.network_fov_mask(
                photograph.fov_mask, config.image_size, config.geometry
            ).numpy()
            for photograph in photographs.load(source, "train")
        ],
        axis=0,
    )
    return share >= 0.5


@dataclasses.dataclass
class _Place:
    temporary: pathlib.Path
    version: int
    folder: pathlib.Path | None = None


@contextlib.contextmanager
def new_version(model_dir):
    """Makes the next free version of a model, which appears only when whole.

    It is written to a hidden folder beside the versions, which is renamed at
    the end; servers look at whole numbers only.

    Args:
      model_dir: folder of the versions; it is made where need be.

    Yields:
      An object with `temporary`, the folder to write to, and `version`. After
      the block its `folder` is the finished version.

    Raises:
      UserError: the folder cannot be written.
    """
    try:
        model_dir.mkdir(parents=True, exist_ok=True)
        hidden = tempfile.mkdtemp(prefix=".unfinished-", dir=model_dir)
    except OSError as error:
        raise UserError(
            f"--export_dir must be a folder that can be written: {error}. "
            "Give another"
        ) from error
    place = _Place(
        pathlib.Path(hidden), max([0, *model_folder.versions(model_dir)]) + 1
    )
    try:
        yield place
        place.temporary.chmod(0o755)  # mkdtemp had made it private.
        place.folder = _into_place(place)
    except (OSError, tf.errors.OpError) as error:
        raise UserError(
            f"--export_dir: {model_dir} cannot be written: {error}. Make room "
            "or give another"
        ) from error
    finally:
        shutil.rmtree(place.temporary, ignore_errors=True)


def _into_place(place):
    target = place.temporary.parent / str(place.version)
    try:
        # `rename` never replaces a folder that holds something.
        return place.temporary.rename(target)
    except OSError as error:
        if not target.exists():
            raise
        raise UserError(
            f"{target} has been written by another export meanwhile. Give the "
            "same command again"
        ) from error
