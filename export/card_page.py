"""A model card as a page in Markdown."""


def markdown(card) -> str:
    """The card as a page."""
    network, members = card["network"], card.get("members", [card["training"]])
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
        f"The mean of {len(members)} networks:"
        if len(members) > 1
        else "One network:",
        *[_training_line(training) for training in members],
        "",
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
        return [f"Not measured before the export: `{metrics['command']}`."]
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
