"""What `evaluate.py` is asked for: a score of maps, a segmenter, a generator.

TensorFlow is imported only where a network is applied, and after its kernels
were chosen: maps that are files are scored without it.
"""

import pathlib

from migan_tf import entry, evaluation, predictions, run_record
from migan_tf.errors import UserError

# Flags that mean something to one task alone.
FLAGS_OF = {
    "segmentation": (
        "predictions ground_truth fov_masks second_annotator fundus subset "
        "protocol validation_threshold bootstrap_samples"
    ).split(),
    "synthesis": "samples seed segmenter_model reference_workdir".split(),
}


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
    task = values["task"]
    other = "synthesis" if task == "segmentation" else "segmentation"
    strange = [name for name in FLAGS_OF[other] if name in given]
    if strange:
        received = " ".join(f"--{name}={values[name]}" for name in strange)
        raise UserError(
            f"--task={task} takes no {', '.join(f'--{n}' for n in strange)}, "
            f"which {'is' if len(strange) == 1 else 'are'} for --task={other}. "
            f"Received: --task={task} {received}. Leave out the one or give "
            f"the other: python -m migan_tf.evaluate --task={other} …"
        )
    return {"segmentation": _segmentation, "synthesis": _synthesis}[task](
        values
    )


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
    if bool(workdir) == bool(places["predictions"]):
        got = f"{workdir!r} and {places['predictions']!r}"
        raise UserError(f"give --workdir or --predictions. Received: {got}")
    if workdir:
        _check_has_segmenter(workdir)
        config = run_record.read_config(f"{workdir}/segmentation")
        entry.choose_kernels(config.segmenter)
        from migan_tf import inference

        output = output or f"{workdir}/evaluation/{values['split']}"
        rows = inference.segment_split(
            workdir, values["split"], values["data_dir"]
        )
        if threshold is None:
            threshold = inference.validation_threshold(workdir)
    else:
        entry.required(output=output, ground_truth=places["ground_truth"])
        if values["protocol"] != "full_frame":
            entry.required(fov_masks=places["fov_masks"])
        rows = predictions.read_scored(**places, subset=values["subset"])
    images = [evaluation.ScoredImage(**row) for row in rows]
    scores = evaluation.score(
        images, values["protocol"], threshold, values["bootstrap_samples"]
    )
    return evaluation.write_report(images, scores, output), output


def _synthesis(values):
    workdir = values["workdir"]
    entry.required(workdir=workdir)
    output = values["output"]
    output = output or f"{workdir}/evaluation/synthesis_{values['split']}"
    config = run_record.read_config(f"{workdir}/synthesis")
    entry.choose_kernels(config.segmenter)
    from migan_tf import synthesis_evaluation, synthesis_report

    synthesis_report.make_output(output)
    names = ("workdir", "split", "data_dir", *FLAGS_OF["synthesis"])
    result, pictures = synthesis_evaluation.evaluate_synthesis(
        **{name: values[name] for name in names}
    )
    return synthesis_report.write_report(result, pictures, output), output


def _check_has_segmenter(workdir):
    """Says what to do with a run that has a generator alone."""
    run = pathlib.Path(workdir)
    segmenter, generator = (
        (run / task / "run.json").exists() for task in FLAGS_OF
    )
    if generator and not segmenter:
        raise UserError(
            "--task=segmentation, the default, scores a run's segmenter. "
            f"Received: --workdir={workdir}, which holds a generator alone. "
            "Score that: python -m migan_tf.evaluate --task=synthesis "
            f"--workdir={workdir} --segmenter_model=RUN/segmentation"
        )
