"""Draws the pictures of a report: overlays, curves and sheets of images.

Matplotlib is used through its objects with the Agg canvas and never through
pyplot, so that nothing global is set, no window opens and nothing has to be
closed.
"""

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from migan_tf.metrics import segmentation

TRUE_POSITIVE = (0, 200, 0)
FALSE_NEGATIVE = (230, 30, 30)
FALSE_POSITIVE = (40, 90, 255)
CURVE_POINTS = 2000  # of a drawn curve at most; 8-bit maps have 256
LINE_COLOURS = ("#1b6ca8", "#888888")
HUMAN_COLOUR = "#d1495b"


def overlay(fundus, vessel_map, decision, fov_mask):
    """Colours the decisions of one image.

    Args:
      fundus: (H,W,3) uint8, shown behind in grey, or None for black.
      vessel_map: (H,W) bool, the reference.
      decision: (H,W) bool, what was called a vessel.
      fov_mask: (H,W) bool; outside it nothing is scored and all is darkened.

    Returns:
      (H,W,3) uint8 RGB: true positives green, false negatives red, false
      positives blue.

    Raises:
      ValueError: the sizes differ.
    """
    shape = np.shape(vessel_map)
    planes = {"decision": decision, "fov_mask": fov_mask, "fundus": fundus}
    for name, plane in planes.items():
        if plane is not None and np.shape(plane)[:2] != shape:
            raise ValueError(
                f"{name} must be {shape[0]} × {shape[1]} like vessel_map. "
                f"Received: shape {np.shape(plane)}"
            )
    picture = np.zeros((*shape, 3), np.uint8)
    if fundus is not None:
        grey = cv2.cvtColor(np.asarray(fundus, np.uint8), cv2.COLOR_RGB2GRAY)
        picture[:] = (grey * 0.8).astype(np.uint8)[..., None]
    picture[~fov_mask] //= 3
    picture[vessel_map & decision & fov_mask] = TRUE_POSITIVE
    picture[vessel_map & ~decision & fov_mask] = FALSE_NEGATIVE
    picture[~vessel_map & decision & fov_mask] = FALSE_POSITIVE
    return picture


def roc_figure(curves, human=None, note=""):
    """Draws ROC curves: sensitivity over 1 − specificity.

    Args:
      curves: {legend: (2,K) background and vessels, by rising probability},
        such as `tally.Tally.curve`; the first one stands out.
      human: `human` of metrics.json, whose point is drawn, or None.
      note: a line of text below, such as the protocol.

    Returns:
      A `Figure` of 480 × 480 pixels.
    """
    lines = {}
    for name, histogram in curves.items():
        false, true = _at_and_above(histogram)
        lines[name] = false / false[-1], true / true[-1]
    point = human and (1 - human["specificity"], human["sensitivity"])
    return _curve_figure(
        lines,
        ("1 − specificity", "sensitivity"),
        point=point,
        note=note,
        place="lower right",
    )


def precision_recall_figure(curves, human=None, note=""):
    """Draws precision-recall curves: precision over recall.

    Args:
      curves: {legend: (2,K) background and vessels, by rising probability},
        such as `tally.Tally.curve`; the first one stands out.
      human: `human` of metrics.json, whose point is drawn, or None.
      note: a line of text below, such as the protocol.

    Returns:
      A `Figure` of 480 × 480 pixels.
    """
    lines = {}
    for name, histogram in curves.items():
        false, true = _at_and_above(histogram)
        precision = segmentation.ratio(true, true + false)
        precision[0] = 1.0  # Where nothing is called a vessel.
        lines[name] = true / true[-1], precision
    point = human and (human["sensitivity"], human["precision"])
    return _curve_figure(
        lines,
        ("recall", "precision"),
        point=point,
        note=note,
        place="lower left",
    )


def precision_recall_picture(curve):
    """Draws one precision-recall curve as a picture.

    Args:
      curve: (2,K) background and vessels, by rising probability.

    Returns:
      (480,480,3) uint8 RGB.
    """
    return picture_of(precision_recall_figure({"": curve}))


def picture_of(figure):
    """Renders a `Figure` as (H,W,3) uint8 RGB."""
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()


def contact_sheet(pictures):
    """Joins rows of pictures to one sheet.

    Args:
      pictures: list of rows, each a list of (H,W,3) uint8. Rows that are
        shorter than others end in black.

    Returns:
      (rows · H, longest row · W, 3) uint8.
    """
    longest = max(map(len, pictures))
    black = np.zeros_like(pictures[0][0])
    return np.vstack(
        [np.hstack([*row, *[black] * (longest - len(row))]) for row in pictures]
    )


def _curve_figure(lines, axis_names, point, note, place):
    """Draws curves in the unit square.

    Args:
      lines: {legend: (x, y)}; the first stands out.
      axis_names: the names of x and y.
      point: (x, y) of the second annotator, or None.
      note: a line of text below.
      place: where the legend goes.

    Returns:
      A `Figure` of 480 × 480 pixels.
    """
    figure = Figure(figsize=(4.8, 4.8), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for (name, line), colour in zip(lines.items(), LINE_COLOURS, strict=False):
        axes.plot(*_thinned(*line), color=colour, lw=1.5, label=name)
    if point:
        axes.plot(*point, "o", color=HUMAN_COLOUR, label="the second annotator")
    axes.set(xlim=(0, 1), ylim=(0, 1.005), aspect="equal")
    axes.set(xlabel=axis_names[0], ylabel=axis_names[1])
    axes.grid(alpha=0.3)
    if any(lines):
        axes.legend(loc=place, fontsize=8)
    if note:
        figure.supxlabel(note, fontsize=7)
    return figure


def _at_and_above(histogram):
    """(2,K+1) false and true positives from the highest threshold down."""
    used = histogram[:, histogram.any(axis=0)]
    found = used[:, ::-1].cumsum(axis=-1)
    return np.concatenate([np.zeros_like(found[:, :1]), found], axis=-1)


def _thinned(x, y):
    """Keeps at most `CURVE_POINTS` points, evenly spaced, with both ends."""
    if len(x) <= CURVE_POINTS:
        return x, y
    length = np.cumsum(
        np.hypot(np.diff(x, prepend=x[0]), np.diff(y, prepend=y[0]))
    )
    wanted = np.linspace(0, length[-1], CURVE_POINTS)
    kept = np.unique(np.searchsorted(length, wanted).clip(0, len(x) - 1))
    return x[kept], y[kept]
