"""A model card: what a servable does, what it was trained on, how well it does.

The card is written twice, as JSON for programs and as a page for readers.
"""

import json
import pathlib
import re

from migan_tf.base import files, run_record
from migan_tf.data import prepared
from migan_tf.models.vgg19 import RANDOM_NOTE
from migan_tf.models.weights import weights_sha256

from . import card_figures

# The terms of the data's owners bind what is learned from the data.
LICENCES = {
    "drive": "DRIVE is for research; cite Staal et al. 2004. Whoever passes "
    "the model on is bound by the terms under which they got the data.",
    "stare": "STARE is for research; cite Hoover et al. 2000. Whoever passes "
    "the model on is bound by the terms under which they got the data.",
    "chase_db1": "CHASE_DB1 is under CC BY 4.0; cite Fraz et al. 2012.",
    "hrf": "HRF is under CC BY 4.0; cite Budai et al. 2013.",
    "phantom": "Procedural images; Apache License 2.0, as the program.",
}
# The flag that names each network's architecture.
_ARCHITECTURES = {"segmentation": "segmenter", "synthesis": "generator"}
USES = {
    "segmentation": "Finds the vessels of colour fundus photographs, for "
    "research. Not a medical device.",
    "synthesis": "Paints fundus images onto vessel maps, as additional data "
    "for research. The images are of no patient and are no evidence of any.",
}
LIMITS = {
    "segmentation": [
        "Trained on few photographs of {cameras}; other cameras, fields and "
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
# What may be asked of --generator=delta, and what comes back.
CONTROLS = {
    "contrast": "Of the vessels, from 0 to 4; 1 is as in the photographs. At "
    "any other value the image is not as photographed, and at 0 the vessels "
    "of the map are not to be seen.",
    "style_fundus": "A photograph whose style is taken, in 27 numbers: its "
    "colours and how they fall off, and how strong its grain is, as far as the "
    "training photographs have it. Nothing else of it is taken: disc, macula "
    "and vessels are not its own. Where no fundus is found in it, the noise "
    "code draws a style like those of the training photographs.",
    "fov_mask": "Comes back with the image: where it shows the retina, 0 or "
    "255. Served images have the field of view of most training photographs, "
    "and the image and its map are black outside.",
}


def write(folder, card) -> None:
    """Writes a card as `model_card.json` and `MODEL_CARD.md`."""
    text = json.dumps(card, indent=1, ensure_ascii=False)
    files.write_text(folder / "model_card.json", text + "\n")
    files.write_text(folder / "MODEL_CARD.md", markdown(card))


def make(workdirs, task, network, name, version, image_size=0) -> dict:
    """Returns the card as plain values.

    Args:
      workdirs: the run's folder, or those of several runs whose mean the
        network is.
      task: `segmentation` or `synthesis`.
      network: the Keras model that is exported.
      name: the servable's name.
      version: the servable's version.
      image_size: side in pixels of what a generator paints; 0: as trained.

    Returns:
      The card. `training` describes the first run; where there are several,
      `members` describes each of them.
    """
    members = [_training(pathlib.Path(run), task) for run in workdirs]
    config = run_record.read_config(pathlib.Path(workdirs[0]) / task)
    digest = weights_sha256(network.weights)
    trained_size = config.image_size
    if image_size not in (0, trained_size):
        # The flags are what a reader of the folder takes to be its size.
        members[0]["flags"]["image_size"] = image_size
    card = {
        "model": name,
        "version": version,
        "intended_use": USES[task],
        "limits": _limits(config, task, image_size),
        "data": {
            "dataset": prepared.public_name(config.dataset),
            "photographs": _photographs(config, len(members) > 1),
            "licence": " ".join(
                LICENCES.get(re.split("[/:]", n)[0], "See the dataset's owner.")
                for n in config.dataset.split(",")
            ),
        },
        "training": members[0],
        "network": {
            "parameters": network.count_params(),
            "weights_sha256": digest,
            "image_size": image_size or trained_size,
            "trained_image_size": trained_size,
            "architecture": getattr(config, _ARCHITECTURES[task]),
        },
        "metrics": card_figures.of_runs(
            workdirs,
            task,
            dataset=prepared.public_name(config.dataset),
            weights_sha256=digest,
        ),
    }
    if _is_delta(config, task):
        card["controls"] = CONTROLS
    if len(members) > 1:
        card["members"] = members
        thresholds = [member["best_threshold"] for member in members]
        if None not in thresholds:
            mean = sum(thresholds) / len(thresholds)
            card["training"] = {**members[0], "best_threshold": mean}
    return card


def _training(run, task):
    record = json.loads((run / task / run_record.RECORD).read_text("utf-8"))
    best = run_record.best_scores(run / task)
    return {
        "validation": best,
        "best_threshold": best.get("best_threshold"),
        "photographs_sha256": record.get("data"),
        "flags": _without_places(record["config"]),
        "starts": [
            {k: v for k, v in start.items() if k != "command"}
            for start in record["starts"]
        ],
    }


def _without_places(flags):
    """Returns the flags without the folders of the machine that trained."""
    names = {
        name: pathlib.Path(flags[name]).name
        for name in ("workdir", "style_image", "vgg19_weights")
    }
    names |= {
        name: prepared.public_name(flags[name])
        for name in ("dataset", "extra_dataset")
    }
    gone = {"data_dir": "", "manual_dir": "", "segmenter_model": ""}
    return {**flags, **names, **gone}


def _photographs(config, several):
    """Says in words what was trained on; `photographs_sha256` lists it."""
    split = "the whole training split"
    if count := config.train_photographs:
        split = f"{count} drawn from the training split"
    if config.validation_split == "augmented":
        text = f"{split}; validation saw rotated copies of it"
    else:
        held_out = f"{config.validation_images} held out for validation"
        if several:
            held_out += " of each network, which the others may have seen"
        split = split.replace("the whole", "the")
        text = f"{split}, less {held_out}"
    if config.extra_dataset:
        text += (
            f"; {config.extra_share:.0%} of the training examples came from "
            f"the dataset {prepared.public_name(config.extra_dataset)} instead"
        )
    return text


def _is_delta(config, task):
    return task == "synthesis" and config.generator == "delta"


def _limits(config, task, image_size):
    count = len(config.dataset.split(","))
    cameras = "one camera" if count == 1 else f"{count} cameras"
    limits = [text.format(cameras=cameras) for text in LIMITS[task]]
    if image_size not in (0, config.image_size):
        limits.append(
            f"Paints {image_size} × {image_size} pixels and learned from "
            f"{config.image_size} × {config.image_size}: structures keep their "
            "share of the image, the grain keeps its size in pixels."
        )
    if task == "synthesis" and config.deviation == "style":
        style = pathlib.Path(config.style_image).name
        limits = [*limits, f"Paints in the style of {style} only."]
        if config.vgg19_weights == "random":
            limits.append(f"Trained with {RANDOM_NOTE}: a test, not a style.")
    return limits


def markdown(card) -> str:
    """Returns the card as a page in Markdown."""
    network, members = card["network"], card.get("members", [card["training"]])
    controls = card.get("controls", {})
    lines = [
        f"# {card['model']}, version {card['version']}",
        card["intended_use"],
        "",
        "## Limits",
        *[f"- {limit}" for limit in card["limits"]],
        "",
        *(["## What may be asked of it"] if controls else []),
        *[f"- `{name}`: {text}" for name, text in controls.items()],
        *([""] if controls else []),
        "## Data",
        f"{card['data']['dataset']}: {card['data']['photographs']}. "
        f"{card['data']['licence']}",
        "",
        "## Training",
        f"The mean of {len(members)} networks:"
        if len(members) > 1
        else "One network:",
        *[_training_line(training) for training in members],
        "",
        f"Architecture `{network['architecture']}`, "
        f"{network['parameters']:,} parameters, SHA-256 "
        f"`{network['weights_sha256']}`; images are brought to "
        f"{network['image_size']} × {network['image_size']}.",
        "",
        "## Metrics",
        *_metric_lines(card["metrics"]),
    ]
    return "\n".join(lines) + "\n"


def _training_line(training):
    last, best = training["starts"][-1], training["validation"]
    versions = ", ".join(f"{k} {v}" for k, v in last["versions"].items())
    judge = "least validation loss"
    if training["flags"].get("best_by", "loss") != "loss":
        judge = f"best {training['flags']['best_by']} on validation"
    return (
        f"- Seed {training['flags']['seed']}: weights of {judge}, at step "
        f"{best['step']} (loss {best['validation_loss']:.5f}); commit "
        f"{last['commit']}; {versions}; {last['machine']}; all flags are in "
        "model_card.json."
    )


def _metric_lines(metrics):
    if not metrics["measured"]:
        lines = [f"Not measured before the export: `{metrics['command']}`."]
        if reason := metrics.get("left_out"):
            lines.append(f"The report that the run had was left out: {reason}.")
        return lines
    lines = [f"By `{metrics['command']}` ({metrics['read_by']}):"]
    for dataset, test in metrics["tests"].items():
        lines += [
            "",
            f"On the test split of {dataset}:",
            "",
            "| figure | value | 95 % interval |",
            "|---|---|---|",
        ]
        for name, value in test["figures"].items():
            interval = test.get("interval_95", {}).get(name)
            span = "[{:.4f}, {:.4f}]".format(*interval) if interval else ""
            figure = "" if value is None else f"{value:.4f}"
            lines.append(f"| {name} | {figure} | {span} |")
    return lines
