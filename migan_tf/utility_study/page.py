"""Writes the report as files: a page, a plot and plain values."""

import itertools
import json
import pathlib

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from migan_tf.base import files
from migan_tf.metrics import figures
from migan_tf.utility_study import given_generator
from migan_tf.utility_study.plan import REAL
from migan_tf.utility_study.report import FIGURES, LEVEL

MARKERS = "o^svDP*X"  # of the plot's lines, one for each arm
# What a verdict on the arm of pairs alone says of a TSTR gap.
ALONE = {
    "hurts": "painted pairs alone are worse than photographs alone",
    "helps": "painted pairs alone are better than photographs alone",
    "no evidence": "no evidence that painted pairs alone are worse or better",
}


def write(report, output) -> str:
    """Writes utility.json, utility.md and utility.png.

    Args:
      report: from `report.make`.
      output: folder of the experiment.

    Returns:
      The page, which is utility.md's text.
    """
    output, text = pathlib.Path(output), page(report)
    content = json.dumps(report, indent=1, ensure_ascii=False)
    files.write_text(output / "utility.json", content + "\n")
    files.write_image(output / "utility.png", plot(report))
    files.write_text(output / "utility.md", text)
    return text


def page(report) -> str:
    """The report in Markdown: tables of figures, TSTR gap, verdicts, pairs."""
    images = len(report["images"])
    painter = "a generator that saw those n only"
    if report["generator"]:
        painter = "one generator, which exists already"
    lines = [
        f"# Synthetic pairs beside the photographs of {report['dataset']}",
        "",
        f"Mean over {_seeds(report)} of the figure pooled over {images} test "
        f"images; n real photographs, {report['pairs']} pairs asked for in "
        f"each cell of {painter}.",
        *_generator(report["generator"]),
    ]
    for figure, title in FIGURES.items():
        lines += ["", f"## {title}", *_table(report, figure)]
    lines += [
        "",
        "## TSTR: train on synthetic, test on real",
        "AUC-PR, pooled over the test images, of the segmenter of photographs "
        "alone and of painted pairs alone, and the gap between them.",
        "",
        *_tstr(report),
        "",
        "## Verdicts",
        "AUC-PR by image, difference to real only: mean over seeds, then an "
        f"exact sign-flip test over {images} images; p adjusted by Holm for "
        f"{len(report['comparisons'])} comparisons, verdict below {LEVEL}.",
        "",
        *_verdicts(report),
    ]
    lines += ["", "## The pairs", *_pools(report)]
    if report["least_p_holm"] >= LEVEL:
        lines += [
            "",
            f"**{images} test images are too few for any verdict**: the least "
            f"adjusted p that they allow is {report['least_p_holm']:.2g}.",
        ]
    return "\n".join([*lines, "", "![AUC-PR against n](utility.png)", ""])


def plot(report):
    """Draws AUC-PR against n, a line for each arm: (H,W,3) uint8 RGB."""
    figure = Figure(figsize=(6.4, 4.4), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    numbers = [int(n) for n in report["means"]]
    for (name, title), marker in zip(
        report["arms"].items(), itertools.cycle(MARKERS), strict=False
    ):
        means = [report["means"][str(n)][name]["auc_pr"] for n in numbers]
        (line,) = axes.plot(numbers, means, marker=marker, label=title, lw=1.3)
        each = [row for row in report["runs"] if row["arm"] == name]
        axes.plot(
            [row["real"] for row in each],
            [row["pooled"]["auc_pr"] for row in each],
            marker,
            color=line.get_color(),
            alpha=0.3,
            ms=4,
        )
    axes.set_xticks(numbers)
    axes.set(xlabel="real training photographs n", ylabel="AUC-PR, test set")
    axes.set_title(
        f"{report['dataset']}; pale: each of {len(report['seeds'])} seeds",
        fontsize=9,
    )
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    return figures.picture_of(figure)


def _seeds(report):
    count = len(report["seeds"])
    return f"{count} seed{'s'[: count > 1]}"


def _generator(described):
    """Which generator painted all pairs, and what to bear in mind of it."""
    if not described:
        return []
    learned = described["learned_from"]
    count = "an unknown number of" if learned is None else len(learned)
    lines = [
        "",
        f"The generator: {described['model']}, version "
        f"{described['version']}, weights {described['weights_sha256'][:12]} "
        f"(`{described['folder']}`), which learned from {count} photographs.",
    ]
    for caveat in given_generator.caveats(described):
        lines += ["", f"**Bear in mind**: {caveat}"]
    return lines


def _tstr(report):
    names = "n", "seed", "photographs alone", "painted alone", "gap"
    lines = [f"| {' | '.join(names)} |", _rule(len(names))]
    for found in report["tstr"]:
        for row in (*found["by_seed"], {**found, "seed": "mean"}):
            lines.append(
                f"| {found['real']} | {row['seed']} | {row['photographs']:.4f} "
                f"| {row['painted']:.4f} | {row['gap']:+.4f} |"
            )
    for found in report["tstr"]:
        lines += ["", _tstr_line(report, found)]
    return lines


def _tstr_line(report, found):
    said = ALONE[found["verdict"]]
    each = ", ".join(f"{row['gap']:+.4f}" for row in found["by_seed"])
    return (
        f"**TSTR gap, n = {found['real']}: {found['gap']:+.4f} AUC-PR** "
        f"({found['photographs']:.4f} of photographs alone, "
        f"{found['painted']:.4f} of painted pairs alone; mean over "
        f"{_seeds(report)}: {each}): {said} (image by image "
        f"{found['gap_by_image']:+.4f}, paired test over "
        f"{len(report['images'])} test images, p {found['p_holm']:.2g} after "
        "Holm)."
    )


def _table(report, figure):
    arms = report["arms"]
    lines = [f"| n | {' | '.join(arms.values())} |", _rule(len(arms) + 1)]
    for n, means in report["means"].items():
        real = means[REAL][figure]
        cells = [f"{real:.4f}"]
        for name in list(arms)[1:]:
            value = means[name][figure]
            cells.append(f"{value:.4f} ({value - real:+.4f})")
        lines.append(f"| {n} | {' | '.join(cells)} |")
    return lines


def _verdicts(report):
    names = "n", "arm", "difference", "images better", "p", "p (Holm)"
    lines = [f"| {' | '.join(names)} | verdict |", _rule(len(names) + 1)]
    for row in report["comparisons"]:
        better = f"{row['images_better']} of {len(report['images'])}"
        lines.append(
            f"| {row['real']} | {report['arms'][row['arm']]} | "
            f"{row['difference']:+.4f} | {better} | {row['p']:.2g} | "
            f"{row['p_holm']:.2g} | **{row['verdict']}** |"
        )
    return lines


def _pools(report):
    """How many pairs came through the gate, and how well they are read."""
    names = "n", "seed", "pairs", "images made", "refused", "consistency"
    lines = [f"| {' | '.join(names)} |", _rule(len(names))]
    for pool in report["pools"]:
        refused = ", ".join(
            f"{name} {count}"
            for name, count in pool["refused"].items()
            if count
        )
        found = pool["consistency"] or {"median": float("nan")}
        lines.append(
            f"| {pool['real']} | {pool['seed']} | {pool['pairs']} | "
            f"{pool['images_made']} | {refused or 'none'} | "
            f"{found['median']:.3f} |"
        )
    return lines


def _rule(columns):
    return "|" + "---|" * columns
