"""What `evaluate.py` is asked for: a score of maps, a segmenter, a generator.

TensorFlow is imported where a network is applied, its kernels chosen before.
"""

import dataclasses
import pathlib

from migan_tf.base import command_line, files, run_record
from migan_tf.base.config import TASKS
from migan_tf.base.errors import UserError
from migan_tf.evaluation import flags as evaluation_flags
from migan_tf.evaluation import predictions, report
from migan_tf.inference import model_folder

KID_LAYER = "block5_conv4"  # the last convolution of VGG-19


def evaluate(values, given):
    """Scores what the flags ask for and writes the report.

    Args:
      values: {flag of `evaluate.py`: value}.
      given: names of those that differ from their defaults.

    Returns:
      (table, output): the text to print and the report's folder.

    Raises:
      UserError: flags that do not go together, or a run at fault.
    """
    evaluation_flags.check(values, given)
    score = {"segmentation": _segmentation, "synthesis": _synthesis}
    return score[values["task"]](values)


def _segmentation(values):
    workdir, output = values["workdir"], values["output"]
    threshold = values["validation_threshold"]
    places = {
        name: values[name]
        for name in (
            "predictions",
            "ground_truth",
            "fov_masks",
            "second_annotator",
            "fundus",
        )
    }
    sources = {
        name: values[name] for name in ("workdir", "model", "predictions")
    }
    if sum(map(bool, sources.values())) != 1:
        got = " ".join(f"--{name}={value}" for name, value in sources.items())
        raise UserError(
            f"give one of --workdir, --model and --predictions. Received: {got}"
        )
    if places["predictions"]:
        if values["dataset"]:
            raise UserError(
                "--predictions come with their --ground_truth and take no "
                f"--dataset. Received: --dataset={values['dataset']}"
            )
        command_line.required(
            output=output, ground_truth=places["ground_truth"]
        )
        if values["protocol"] != "full_frame":
            command_line.required(fov_masks=places["fov_masks"])
        rows = predictions.read_scored(**places, subset=values["subset"])
    else:
        rows, config, found = _segmented(values)
        if threshold is None:
            threshold = found
        name, other = values["split"], values["dataset"].replace("/", "_")
        if other and values["dataset"] != config.dataset:
            name = f"{other}_{name}"
        if workdir:
            output = output or f"{workdir}/evaluation/{name}"
    images = [report.ScoredImage(**row) for row in rows]
    scores = report.score(
        images,
        values["protocol"],
        validation_threshold=threshold,
        bootstrap_samples=values["bootstrap_samples"],
    )
    told = (*sources, "dataset", "split")
    scores["source"] = {name: values[name] for name in told if values[name]}
    return report.write_report(images, scores, output), output


def _segmented(values):
    """(rows of `report.ScoredImage`, `Config`, validation's threshold)."""
    if workdir := values["workdir"]:
        _check_has_segmenter(workdir)
    else:
        command_line.required(output=values["output"])
    folder, name = model_folder.find("segmentation", workdir, values["model"])
    command_line.choose_kernels(name)
    from migan_tf.data import photographs
    from migan_tf.inference import run_networks, saved_models

    if model_folder.is_saved_model(folder):
        segmenter = saved_models.SavedSegmenter(folder)
        config, threshold = segmenter.config(), segmenter.validation_threshold
        segment_photographs = saved_models.segment_photographs
    else:
        segmenter = run_networks.Segmenter(
            *run_networks.load_network(folder, "segmentation")
        )
        config = segmenter.config
        threshold = run_networks.validation_threshold(folder)
        segment_photographs = run_networks.segment_photographs
    asked = _changed(config, values, "dataset", "data_dir", "manual_dir")
    images = photographs.load(asked, values["split"])
    return segment_photographs(segmenter, images), config, threshold


def _synthesis(values):
    workdir = values["workdir"]
    command_line.required(workdir=workdir)
    output = values["output"]
    output = output or f"{workdir}/evaluation/synthesis_{values['split']}"
    config = run_record.read_config(f"{workdir}/synthesis")
    command_line.choose_kernels(config.segmenter)
    from migan_tf.evaluation import generator_evaluation, generator_report

    config = _changed(config, values, "data_dir", "manual_dir", "style_image")
    extractor = _vgg19_features(config, values)
    models_vgg19 = _style_photograph(config) if config.style_image else None
    files.make_output(output)
    result, pictures = generator_evaluation.evaluate_synthesis(
        workdir,
        values["split"],
        samples=values["samples"],
        seed=values["seed"],
        segmenter_model=values["segmenter_model"],
        reference_workdir=values["reference_workdir"],
        extractor=extractor,
        style=models_vgg19,
        config=config,
    )
    return generator_report.write_report(result, pictures, output), output


def _changed(config, values, *names):
    """`config` with those of the flags called `names` that were given."""
    given = {name: values[name] for name in names if values[name]}
    return dataclasses.replace(config, **given)


def _vgg19_features(config, values):
    """`features.Vgg19Features`, None where the segmenter's are compared."""
    from migan_tf.evaluation import features
    from migan_tf.models import vgg19 as models_vgg19

    weights = values["vgg19_weights"] or config.vgg19_weights
    wanted = values["features"]
    if values["vgg19_weights"] and wanted == "segmenter":
        raise UserError(
            "--vgg19_weights goes with --features=vgg19. Received: "
            f"--vgg19_weights={weights} --features=segmenter"
        )
    if wanted == "auto" and values["vgg19_weights"]:
        wanted = "vgg19"
    if wanted == "auto":
        wanted = "vgg19" if models_vgg19.at_hand(weights) else "segmenter"
    if wanted == "segmenter":
        return None
    vgg19 = models_vgg19.Vgg19(
        weights,
        [],
        content_layer=KID_LAYER,
        seed=config.seed,
        size=config.vgg19_size,
    )
    note = f", {models_vgg19.RANDOM_NOTE}" if vgg19.random else ""
    return features.Vgg19Features(vgg19.content, f"VGG-19 ({KID_LAYER}{note})")


def _style_photograph(config):
    """x_s as `generator_evaluation.evaluate_synthesis` takes it."""
    from migan_tf.data import geometry, style_photograph

    found = style_photograph.load_style_photograph(config)
    vessel_map = found.vessel_map
    if vessel_map is not None:
        vessel_map = vessel_map[..., 0] >= 0.5
    return {
        "name": found.name,
        "fundus": geometry.quantised(found.fundus),
        "fov_mask": found.fov_mask[..., 0] > 0,
        "vessel_map": vessel_map,
    }


def _check_has_segmenter(workdir):
    """Says what to do with a run that has a generator alone."""
    run = pathlib.Path(workdir)
    segmenter, generator = (
        (run / task / "run.json").exists() for task in TASKS
    )
    if generator and not segmenter:
        raise UserError(
            "--task=segmentation, the default, scores a run's segmenter. "
            f"Received: --workdir={workdir}, which holds a generator alone. "
            "Score that: python -m migan_tf.evaluate --task=synthesis "
            f"--workdir={workdir} --segmenter_model=RUN/segmentation"
        )
