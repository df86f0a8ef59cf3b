"""What `evaluate.py --task=synthesis` is asked for.

TensorFlow is imported where a network is applied, its kernels chosen before.
"""

import dataclasses
import pathlib

from migan_tf.base import command_line, files, run_record
from migan_tf.base.errors import UserError
from migan_tf.inference import model_folder

KID_LAYER = "block5_conv4"  # the last convolution of VGG-19


def score_generator(settings):
    """Scores the generator of --workdir or --model and writes the report.

    Args:
      settings: `flags.Settings`.

    Returns:
      (table, output): the text to print and the report's folder.

    Raises:
      UserError: settings that do not go together, or a run at fault.
    """
    folder = generator_folder(settings)
    reader = reader_folder(settings)
    reference = reference_folder(settings)
    output = settings.output
    output = output or (
        f"{settings.workdir}/evaluation/synthesis_{settings.split}"
    )
    command_line.choose_kernels(
        folder.config.segmenter, folder.config.generator
    )
    from migan_tf.evaluation import generator_evaluation, generator_report

    config = _elsewhere(settings, folder)
    extractor = _vgg19_features(settings, config)
    style = _style(settings, folder, config)
    files.make_output(output)
    result, pictures = generator_evaluation.evaluate_synthesis(
        folder,
        config,
        reader=reader,
        split=settings.split,
        samples=settings.samples,
        seed=settings.seed,
        reference=reference,
        extractor=extractor,
        style=style,
    )
    return generator_report.write_report(result, pictures, output), output


def generator_folder(settings):
    """The `ModelFolder` of the generator.

    Raises:
      UserError: not one of --workdir and --model is given, --model has no
        --output, or there is no such generator.
    """
    workdir, model = settings.workdir, settings.model
    if bool(workdir) == bool(model):
        raise UserError(
            "--task=synthesis scores one generator: give --workdir (a run "
            "folder) or --model (a SavedModel, or a folder RUN/synthesis). "
            f"Received: --workdir={workdir} --model={model}. Score the "
            "shipped one: python -m migan_tf.evaluate --task=synthesis "
            "--model=export/models/migan_synthesis --output=DIR"
        )
    if model:
        command_line.required(output=settings.output)
    return model_folder.find("synthesis", workdir, model).whole()


def reader_folder(settings):
    """The `ModelFolder` of the segmenter that reads what was painted.

    It is that of --segmenter_model, else the run's own, else the shipped one.

    Raises:
      UserError: there is none.
    """
    given = settings.segmenter_model
    if given:
        return model_folder.find(
            "segmentation", model=given, flag="segmenter_model"
        )
    own = pathlib.Path(settings.workdir, "segmentation")
    if settings.workdir and run_record.is_run(own):
        return model_folder.open_folder(own, "segmentation")
    try:
        return model_folder.find("segmentation")
    except UserError:
        raise UserError(
            "--task=synthesis needs a segmenter that reads what was painted: "
            "--segmenter_model must be the folder `segmentation` of a run or "
            "a SavedModel. Received: --segmenter_model='', and there is "
            "neither one in --workdir nor export/models/migan_segmentation. "
            "Train one: python -m migan_tf.train --task=segmentation "
            "--workdir=RUN …, and give --segmenter_model=RUN/segmentation"
        ) from None


def reference_folder(settings):
    """The `ModelFolder` of --reference_workdir, or None.

    Raises:
      UserError: there is no such run.
    """
    workdir = settings.reference_workdir
    if not workdir:
        return None
    try:
        return model_folder.find("synthesis", workdir)
    except UserError as error:
        raise UserError(f"--reference_workdir: {error}") from error


def _elsewhere(settings, folder):
    """The generator's `Config`, with what the flags say of photographs."""
    names = ("dataset", "data_dir", "manual_dir", "style_image")
    given = {name: getattr(settings, name) for name in names}
    given = {name: value for name, value in given.items() if value}
    if given.get("dataset", folder.config.dataset) != folder.config.dataset:
        # How many of its own the generator learned from says nothing there.
        given["train_photographs"] = 0
    return dataclasses.replace(folder.config, **given)


def _style(settings, folder, config):
    """The `StylePhotograph`, None without one.

    A SavedModel travels without its style photograph: it needs the flag.
    """
    if not config.style_image:
        return None
    if folder.is_saved_model and not settings.style_image:
        return None
    from migan_tf.data.style_photograph import load_style_photograph

    return load_style_photograph(config)


def _vgg19_features(settings, config):
    """`features.Vgg19Features`, None where the segmenter's are compared."""
    from migan_tf.evaluation import features
    from migan_tf.models import vgg19

    weights = settings.vgg19_weights or config.vgg19_weights
    wanted = settings.features
    if settings.vgg19_weights and wanted == "segmenter":
        raise UserError(
            "--vgg19_weights goes with --features=vgg19. Received: "
            f"--vgg19_weights={weights} --features=segmenter"
        )
    if wanted == "auto" and settings.vgg19_weights:
        wanted = "vgg19"
    if wanted == "auto":
        wanted = "vgg19" if vgg19.at_hand(weights) else "segmenter"
    if wanted == "segmenter":
        return None
    network = vgg19.Vgg19(
        weights,
        style_layers=[],
        content_layer=KID_LAYER,
        seed=config.seed,
        size=config.vgg19_size,
    )
    note = f", {vgg19.RANDOM_NOTE}" if network.random else ""
    name = f"VGG-19 ({KID_LAYER}{note})"
    return features.Vgg19Features(network.content, name)
