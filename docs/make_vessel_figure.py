r"""Draws a figure of docs/synthetic_data.md and prints its table.

  python docs/make_vessel_figure.py --dataset=drive --manual_dir=DIR \
      --output=docs/vessels_drive.png

They show how the deformed and procedural maps of `vessel_maps.sources` are
distributed beside the annotators' maps of the TRAINING photographs; no map is
shown. The yardstick of every distance is that between halves of the real maps.
"""

import numpy as np
from absl import flags
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from migan_tf.base import command_line, files
from migan_tf.data import photographs, prepared
from migan_tf.metrics import figures
from migan_tf.vessel_maps import procedural, statistics
from migan_tf.vessel_maps import sources as vessel_maps_sources

SPLITS = 20  # divisions of the real maps into halves
NAMES = {
    "density": "density (share of the FOV)",
    "calibre": "calibre (FOV diameters)",
    "tortuosity": "tortuosity (arc / chord − 1)",
    "branching": "junctions per FOV diameter of vessel",
}
COLOURS = {"real": "black", "deformed": "#1b6ca8", "procedural": "#d1495b"}

_DATASET = flags.DEFINE_string(
    "dataset", "drive", "Dataset whose training maps are measured."
)
_DATA_DIR = flags.DEFINE_string("data_dir", "", "Folder of prepared datasets.")
_MANUAL_DIR = flags.DEFINE_string(
    "manual_dir", "", "Folder of the dataset's archives."
)
_MAPS = flags.DEFINE_integer(
    "maps", 40, help="Number of drawn maps of each kind.", lower_bound=1
)
_SEED = flags.DEFINE_integer(
    "seed", 0, help="Seed of the drawn maps.", lower_bound=0
)
_OUTPUT = flags.DEFINE_string("output", "", "The figure, a PNG file.")


def samples(training):
    """Measures real, deformed and procedural maps.

    Returns:
      {kind: list of `VesselStatistics`}.
    """
    like = _DATASET.value.partition("/")[0]
    like = like if like in procedural.LIKENESSES else "drive"
    sources = {
        "real": ("dataset", len(training)),
        "deformed": ("deformed", _MAPS.value),
        "procedural": ("procedural", _MAPS.value),
    }
    size = training[0].vessel_map.shape[1]
    found = {}
    for name, (kind, number) in sources.items():
        source = vessel_maps_sources.make_source(
            kind, training, like=like, size=size
        )
        drawn = [source.draw(i, _SEED.value) for i in range(number)]
        found[name] = [
            statistics.measure(one.vessel_map, one.fov_mask) for one in drawn
        ]
    return found


def yardstick(real):
    """Returns the mean distance of random halves of the real maps, by name."""
    rng = np.random.default_rng(0)
    half = len(real) // 2
    rows = []
    for _ in range(SPLITS):
        order = [real[i] for i in rng.permutation(len(real))]
        rows.append(statistics.distances(order[:half], order[half:]))
    return {name: np.mean([row[name] for row in rows]) for name in rows[0]}


def table(found):
    """Returns the lines of the Markdown table."""
    means, distances = {}, {"real, halves": yardstick(found["real"])}
    for kind, sample in found.items():
        rows = [one.summary() for one in sample]
        means[f"{kind}, {len(sample)} maps"] = {
            name: np.mean([row[name] for row in rows]) for name in NAMES
        }
        if kind != "real":
            distances[f"{kind} to real"] = statistics.distances(
                sample, found["real"]
            )
    lines = [f"| | {' | '.join(NAMES.values())} |", "|---|---|---|---|---|"]
    for title, part in (("mean", means), ("distance", distances)):
        for name, row in part.items():
            cells = " | ".join(f"{row[key]:.3g}" for key in NAMES)
            lines.append(f"| {title}: {name} | {cells} |")
    return lines


def draw(found):
    """Draws a `Figure` with the cumulative distribution of each statistic."""
    figure = Figure(figsize=(6.4, 4.8), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (name, title) in zip(
        figure.subplots(2, 2).flat, NAMES.items(), strict=True
    ):
        for kind, sample in found.items():
            values, weights = statistics.pooled(sample, name)
            axes.ecdf(values, weights, color=COLOURS[kind], lw=1.5, label=kind)
        axes.set(xlabel=title, ylabel="cumulative share", ylim=(0, 1))
        if name in ("calibre", "tortuosity"):
            end = max(np.quantile(values, 0.99), 1e-3)
            axes.set_xlim(0, 1.2 * end)
        axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.supxlabel(f"{_DATASET.value}, training maps", fontsize=7)
    return figure


def main(argv):
    """Checks the flags, draws and prints."""
    command_line.no_arguments(argv)
    command_line.required(output=_OUTPUT.value)
    builder = prepared.ensure_prepared(
        _DATASET.value, _DATA_DIR.value, _MANUAL_DIR.value
    )
    found = samples(photographs.read(builder, "train"))
    files.write_image(_OUTPUT.value, figures.picture_of(draw(found)))
    print("\n".join(table(found)))


if __name__ == "__main__":
    command_line.run(main)
