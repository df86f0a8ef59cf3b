"""A generator's figures as a text of 80 columns, the photographs' beside them.

Behind each figure of painted images stand that of the photographs and how far
one half of them is from the other. `alike` says whether the painted figure is
within that.
"""

import itertools
import textwrap

from migan_tf.evaluation.generator_yardstick import ALLOWED
from migan_tf.metrics.texture import BAND_EDGES, LAGS

# The parts of a result, their heads and the width of their columns.
COLUMNS = {
    "generator": ("painted", 10),
    "reference": ("reference", 11),
    "photographs": ("photographs", 13),
    "half_to_half": ("half:half", 11),
}
TITLE_WIDTH, ALIKE_WIDTH = 28, 7
# Title, the place of a figure in a part of the result, its decimals.
ROWS = (
    ("Vessels that were asked for and are found", None, None),
    ("Dice", "vessel_consistency/dice", 4),
    ("sensitivity, thin", "vessel_consistency/sensitivity_thin", 4),
    ("  over the photographs'", "sensitivity_thin_ratio", 3),
    ("sensitivity, thick", "vessel_consistency/sensitivity_thick", 4),
    ("  over the photographs'", "sensitivity_thick_ratio", 3),
    ("centreline Dice", "vessel_consistency/centreline_dice", 4),
    ("Vessels beside their ground", None, None),
    ("contrast/noise, thin", "centred_contrast/thin", 3),
    ("  at the annotated pixel", "vessel_contrast/thin", 3),
    ("contrast/noise, thick", "centred_contrast/thick", 3),
    ("  at the annotated pixel", "vessel_contrast/thick", 3),
    ("thin with no contrast", "centred_contrast/invisible_thin", 4),
    ("  at the annotated pixel", "vessel_contrast/invisible_thin", 4),
    ("full width, thin, pixels", "full_width/thin", 3),
    ("full width, thick, pixels", "full_width/thick", 3),
    ("Texture, log10 of power at cycles per FOV", None, None),
    *(
        (f"{low} to {high}", f"power/{low}-{high}", 3)
        for low, high in itertools.pairwise(BAND_EDGES)
    ),
    ("2-pixel grid, straight", "power/nyquist_axes", 3),
    ("2-pixel grid, diagonal", "power/nyquist_diagonal", 3),
    ("Noise of the plain ground", None, None),
    ("pixel noise, grey levels", "pixel_noise", 2),
    *(
        (f"correlation {lag} px {way}", f"noise/{name}_{lag}", 3)
        for name, way in (("horizontal", "across"), ("vertical", "down"))
        for lag in LAGS
    ),
    ("correlation red, green", "noise/red_green", 3),
    ("correlation green, blue", "noise/green_blue", 3),
    ("The rim; levels over those 20 px further inside", None, None),
    ("level 2.5 px outside", "rim/outside_2", 3),
    ("level 0.5 px inside", "rim/inside_0", 3),
    ("level 2.5 px inside", "rim/inside_2", 3),
    ("dark share of the rim", "rim/dark", 4),
    ("lit share outside", "rim/stray", 4),
    ("images with a fault", "rim/faults", 0),
    ("Colour, distance in grey levels", None, None),
    ("to training photographs", "colour/distance_to_training", 2),
    ("to the style photograph", "colour/distance_to_style", 2),
    ("Vessels of the style photograph", None, None),
    ("found where they are", "style_leak/leak", 4),
    ("found elsewhere (chance)", "style_leak/chance", 4),
    ("Likeness to the training photographs", None, None),
    ("KID", "kid_to_training", 5),
    ("KID, random filters", "kid/random_filters", 5),
    ("KID, colour field", "kid/colour_field", 5),
    ("nearest, grey levels", "nearest_training_distance", 2),
    ("  over the photographs'", "nearest_ratio", 3),
    ("  of as many as in a half", "nearest_of_some/distance", 2),
    ("nearest ground, levels", "nearest_training_ground", 2),
    ("  over the photographs'", "nearest_ground_ratio", 3),
    ("  of as many as in a half", "nearest_of_some/ground", 2),
    ("images", "images", 0),
    ("Patches told apart; of photographs: the null, see below", None, None),
    ("balanced accuracy", "patch_accuracy", 3),
    ("  95 % interval", "patch_accuracy_interval", 2),
    ("Diversity in grey levels", None, None),
    ("of the ground of a map", "ground_diversity", 3),
    ("  without its light", "structure_diversity", 3),
)
NOTES = (
    "photographs: those of these maps, read by the same segmenter at the same "
    "size. What it misses there, no painted image can be blamed for.",
    "half:half: how far one half of them is from the other, the mean over "
    "random halves; ± of a figure, and the distance itself of distances, of "
    "KID without its sign. alike: whether a painted figure is no farther from "
    f"the photographs' than {ALLOWED:g} times that; finding more of the "
    "vessels counts as alike.",
    "patches told apart: balanced accuracy of a classifier of texture, 0.5 is "
    "as good as guessing; of one painted image of each map against these "
    "photographs, and, the null, of these against as many training "
    "photographs.",
    "A ratio of nearest far below 1 says that training photographs, or their "
    "grounds, are painted anew. Grounds are compared without their light.",
    "Diversity: of painted images what the noise changes for one map, of whole "
    "grey levels; of photographs how their grounds differ.",
    "The contact sheet, from left to right: vessel map, photograph, painted "
    "images, the vessels found in the first (found green, missed red, not "
    "asked for blue).",
)


def table(result) -> str:
    """The result as a text of 80 columns.

    Args:
      result: from `generator_evaluation.evaluate_synthesis`.
    """
    heads = [name for name in COLUMNS if result.get(name)]
    alike = result["generator"].get("alike", {})
    lines, names = _first_lines(result), [COLUMNS[n][0] for n in heads]
    lines += ["", _row("", names, verdict="alike", heads=heads)]
    for title, place, decimals in ROWS:
        if "style" in (place or title) and not result["style"]:
            continue
        if place is None:
            lines += ["", title]
            continue
        cells = [_cell(result[n], place, decimals) for n in heads]
        if place in alike and "half_to_half" in heads and cells[-1] != "-":
            cells[-1] = f"± {cells[-1]}"
        verdict = {True: "yes", False: "no", None: ""}[alike.get(place)]
        lines.append(_row(f"  {title}", cells, verdict=verdict, heads=heads))
    for sigma in result["generator"]["diversity"]:
        cells = [_cell(result[n], f"diversity/{sigma}", 3) for n in heads]
        lines.append(
            _row(f"  of images, σ = {sigma}", cells, verdict="", heads=heads)
        )
    return "\n".join([*lines, "", *_last_lines(result)]) + "\n"


def at(part, place):
    """The figure at `a/b` of a nested dict, or None."""
    for name in place.split("/"):
        part = part and part.get(name)
    return part


def _first_lines(result):
    """What was scored, and by which networks."""
    part = result["generator"]
    lines = _wrapped(
        f"generator of {result['workdir'] or result['model']}: "
        f"{result['maps']} vessel maps of split {result['split']}, "
        f"{result['samples']} images each at {result['image_size']} × "
        f"{result['image_size']}, σ = {part['noise_stddev']:g}, seed "
        f"{result['seed']}"
    )
    for name in ("reference_workdir", "segmenter", "features", "style"):
        if result[name]:
            lines += _wrapped(f"{name}: {result[name]}")
    return lines


def _last_lines(result):
    """How many figures are alike, notes and warnings."""
    lines = []
    for name in ("generator", "reference"):
        verdicts = (result[name] or {}).get("alike", {})
        known = [v for v in verdicts.values() if v is not None]
        if known:
            lines += _wrapped(
                f"{COLUMNS[name][0]}: {sum(known)} of {len(known)} mean "
                f"figures are alike{_by_chance(result, verdicts)}"
            )
    lines += _wrapped(
        f"Thick is a vessel from {result['thick_from_pixels']} pixels on."
    )
    for note in NOTES:
        lines += _wrapped(note)
    for warning in result["warnings"]:
        lines += _wrapped(f"warning: {warning}")
    return lines


def _by_chance(result, verdicts):
    """How many of the same figures half of the photographs has alike."""
    shares = result["half_to_half"].get("alike", {})
    known = [shares.get(p) for p, v in verdicts.items() if v is not None]
    if None in known:
        return ""
    return f"; one half of the photographs: {sum(known):.1f} on average"


def _cell(part, place, decimals):
    value = at(part, place)
    if value is None:
        return "-"
    ends = value if isinstance(value, list) else [value]
    return "-".join(f"{end:.{decimals}f}" for end in ends)


def _row(title, cells, *, verdict, heads):
    cells = [
        f"{cell:>{COLUMNS[name][1]}}"
        for cell, name in zip(cells, heads, strict=True)
    ]
    line = f"{title:<{TITLE_WIDTH}}{''.join(cells)}{verdict:>{ALIKE_WIDTH}}"
    return line.rstrip()


def _wrapped(text):
    return textwrap.wrap(text, 80, subsequent_indent="  ")
