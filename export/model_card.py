"""A model card in Markdown and JSON: what a servable is, of what, how good."""

import hashlib
import json
import pathlib

from migan_tf import files, run_record
from migan_tf.errors import UserError

# Owners' terms of the data, which bind what is learned from it.
LICENCES = {
    "drive": "DRIVE is for research; cite Staal et al. 2004. Whoever passes "
    "the model on is bound by the terms under which they got the data.",
    "stare": "STARE is for research; cite Hoover et al. 2000. Whoever passes "
    "the model on is bound by the terms under which they got the data.",
    "phantom": "Procedural images; Apache License 2.0, as the program.",
}
USES = {
    "segmentation": "Finds the vessels of colour fundus photographs, for "
    "research. Not a medical device.",
    "synthesis": "Paints fundus images onto vessel maps, as additional data "
    "for research. The images are of no patient and are no evidence of any.",
}
LIMITS = {
    "segmentation": [
        "Trained on few photographs of one camera; other cameras, fields and "
        "diseases were not tested.",
        "Arteries and veins are not told apart; vessels thinner than a pixel "
        "or two are missed more often than not.",
        "A photograph in which no field of view is found gives an empty map.",
    ],
    "synthesis": [
        "Learned from few photographs: colours and pathology vary no more "
        "than in those.",
        "The images have the networks' size, whatever the map's.",
    ],
}


def write(folder, workdir, task, network, version) -> None:
    """Writes `model_card.json` and `MODEL_CARD.md`.

    Args:
      folder: where to.
      workdir: the run.
      task: `segmentation` or `synthesis`.
      network: its Keras model, as exported.
      version: of the servable.
    """
    card = make(workdir, task, network, version)
    text = json.dumps(card, indent=1, ensure_ascii=False)
    files.write_text(folder / "model_card.json", text + "\n")
    files.write_text(folder / "MODEL_CARD.md", markdown(card))


def make(workdir, task, network, version) -> dict:
    """The card as plain values; arguments as of `write`."""
    run = pathlib.Path(workdir)
    config = run_record.read_config(run / task)
    record = json.loads((run / task / "run.json").read_text("utf-8"))
    best = json.loads((run / task / "best" / "validation.json").read_text())
    dataset = config.dataset.partition("/")[0]
    return {
        "model": f"migan_{task}",
        "version": version,
        "intended_use": USES[task],
        "limits": LIMITS[task],
        "data": {
            "dataset": config.dataset,
            "photographs": "the training split, less "
            f"{config.validation_images} held out for validation",
            "licence": LICENCES.get(dataset, "see the dataset's owner"),
        },
        "training": {
            "step_of_least_validation_loss": best["step"],
            "validation_loss": best["validation_loss"],
            "flags": record["config"],
            "starts": record["starts"],
        },
        "network": {
            "parameters": network.count_params(),
            "weights_sha256": weights_sha256(network),
            "image_size": config.image_size,
        },
        "metrics": _metrics(run, task),
    }


def weights_sha256(network) -> str:
    """SHA-256 of all variables' bytes in the network's order."""
    digest = hashlib.sha256()
    for variable in network.variables:
        digest.update(variable.numpy().tobytes())
    return digest.hexdigest()


def markdown(card) -> str:
    """The card as a page."""
    training, network = card["training"], card["network"]
    last = training["starts"][-1]
    versions = ", ".join(f"{k} {v}" for k, v in last["versions"].items())
    lines = [
        f"# {card['model']}, version {card['version']}",
        card["intended_use"],
        "",
        "## Limits",
        *[f"- {limit}" for limit in card["limits"]],
        "",
        "## Data",
        f"{card['data']['dataset']}: {card['data']['photographs']}. "
        f"{card['data']['licence']}",
        "",
        "## Training",
        f"Weights of least validation loss, {training['validation_loss']:.5f} "
        f"at step {training['step_of_least_validation_loss']}; commit "
        f"{last['commit']}; {versions}; {last['machine']}. All flags are in "
        "model_card.json.",
        "",
        f"{network['parameters']:,} parameters, SHA-256 "
        f"`{network['weights_sha256']}`; images are brought to "
        f"{network['image_size']} × {network['image_size']}.",
        "",
        "## Metrics",
        *_metric_lines(card["metrics"]),
    ]
    return "\n".join(lines) + "\n"


def _metrics(run, task):
    """The run's own report on its test split, or what makes one."""
    folder = "test" if task == "segmentation" else "synthesis_test"
    path = run / "evaluation" / folder / "metrics.json"
    command = f"python -m migan_tf.evaluate --workdir=RUN --task={task}"
    try:
        report = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {"measured": False, "command": command}
    except ValueError as error:
        raise UserError(
            f"{path} is damaged: {error}. Next: {command}"
        ) from None
    if task == "synthesis":
        figures = report["generator"]["vessel_consistency"]
        return {"measured": True, "command": command, "figures": figures}
    return {
        "measured": True,
        "command": command,
        "figures": report["pooled"],
        "interval_95": report["interval_95"]["pooled"],
    }


def _metric_lines(metrics):
    if not metrics["measured"]:
        return [f"Not measured before the export: `{metrics['command']}`."]
    rows = []
    for name, value in metrics["figures"].items():
        interval = metrics.get("interval_95", {}).get(name)
        span = "[{:.4f}, {:.4f}]".format(*interval) if interval else ""
        figure = "" if value is None else f"{value:.4f}"
        rows.append(f"| {name} | {figure} | {span} |")
    head = [
        f"On the test split, by `{metrics['command']}`:",
        "",
        "| figure | value | 95 % interval |",
        "|---|---|---|",
    ]
    return head + rows
