"""Finds the field of view of a fundus photograph, in TensorFlow ops only.

It needs neither Python nor OpenCV at run time, so that it can be part of an
exported model. It assumes what fundus cameras give: one lit region, of any
outline, before a darker surround that reaches at least one corner of the
photograph; where no corner is dark the photograph is taken to be a crop that
shows retina everywhere.
"""

import tensorflow as tf

WORKING_SIZE = 384  # longer side, in pixels, of the copy that is searched
BLACK_LEVEL = 16.0  # of 255: a photograph that stays below it shows nothing
MARGIN = 38  # working pixels about the first result that are not trusted
FLAT_RANGE = 8.0  # of 255: one that varies less than this is flat
DARK_CORNER = 0.4  # a corner below this share of the lit level is surround
ROUGH_LEVEL = 0.18  # first threshold, from surround (0) to lit level (1)
FINE_LEVEL = 0.05  # second one, over a better estimate of the surround ...
EDGE_LEVEL = 0.18  # ... and this share of the brightest pixel close by
LEAST_STEP = 0.75  # surround over lit, a few pixels off a real outline


def find_fov_mask(fundus) -> tf.Tensor:
    """Marks where a photograph shows the retina.

    A small copy is thresholded twice, first roughly between the level of the
    dark corners and that of the lit pixels, then just above the surround that
    the first result leaves. What is darker and hangs together with the frame
    is surround; dark vessels and lesions inside are not. The largest region
    that remains is the field of view.

    Args:
      fundus: uint8 (H, W, 3), RGB, any height and width of at least 16.

    Returns:
      fov_mask, bool (H, W). All true where there is no dark surround. All
      false where there is no fundus to find: the photograph is black (2 % of
      its pixels at most are above 16 of 255) or flat (a range below 8).

    Raises:
      ValueError: another type or rank.
    """
    fundus = tf.convert_to_tensor(fundus)
    if fundus.dtype != tf.uint8 or fundus.shape.rank != 3:
        raise ValueError(
            "fundus must be uint8 of shape (H, W, 3). Received: "
            f"{fundus.dtype.name} of shape {fundus.shape}"
        )
    return _find_fov_mask(fundus)


@tf.function(input_signature=[tf.TensorSpec((None, None, 3), tf.uint8)])
def _find_fov_mask(fundus):
    size = tf.shape(fundus)[:2]
    scale = tf.minimum(
        1.0, WORKING_SIZE / tf.cast(tf.reduce_max(size), "float")
    )
    small_size = tf.maximum(
        1, tf.cast(tf.round(tf.cast(size, "float") * scale), "int32")
    )
    small = tf.image.resize(fundus[None], small_size, method="area")
    small = tf.nn.avg_pool2d(
        small, 3, strides=1, padding="SAME"
    )  # tames the noise
    brightness = tf.reduce_max(small, axis=-1, keepdims=True)  # (1, h, w, 1)
    fov_mask = _search(brightness)
    flat = tf.reduce_max(
        tf.reduce_max(small, axis=(0, 1, 2))
        - tf.reduce_min(small, axis=(0, 1, 2))
    )
    black = _quantile(brightness, 0.98) < BLACK_LEVEL
    fov_mask = tf.where(black | (flat < FLAT_RANGE), 0.0, fov_mask)
    return tf.image.resize(fov_mask, size, method="bilinear")[0, ..., 0] > 0.5


def _search(brightness):
    """Brightness (1, h, w, 1) in [0, 255] -> mask (1, h, w, 1) in {0, 1}."""
    corners = _corner_levels(brightness)
    floor = tf.reduce_min(corners)
    middle = floor + 0.25 * (_quantile(brightness, 0.98) - floor)
    lit_level = tf.reduce_mean(brightness[brightness >= middle])
    dark = corners < DARK_CORNER * lit_level
    surround = tf.reduce_max(tf.where(dark, corners, 0.0))
    level = surround + ROUGH_LEVEL * (lit_level - surround)
    rough = _lit_region(brightness, level)
    far = _dilate(rough, 2 * MARGIN + 1) == 0.0
    # Brighter than `level` and far off is a printed text.
    outside = brightness[far & (brightness <= level)]
    surround = tf.cond(
        tf.size(outside) > 20,
        lambda: _quantile(outside, 0.98),
        lambda: surround,
    )
    near = _dilate(brightness, 5) - surround
    fine = _lit_region(
        brightness,
        surround
        + tf.maximum(FINE_LEVEL * (lit_level - surround), EDGE_LEVEL * near),
    )
    real = tf.reduce_any(dark) & (_step(brightness, fine) < LEAST_STEP)
    return tf.where(real, fine, 1.0)


def _corner_levels(brightness):
    """The median of a small square in each corner, float32 (4,)."""
    shape = tf.shape(brightness)
    side = tf.maximum(2, tf.minimum(shape[1], shape[2]) // 24)
    return tf.stack(
        [
            _quantile(block, 0.5)
            for block in (
                brightness[:, :side, :side],
                brightness[:, :side, -side:],
                brightness[:, -side:, :side],
                brightness[:, -side:, -side:],
            )
        ]
    )


def _lit_region(brightness, threshold):
    """The largest region that is not surround, 0 or 1, (1, h, w, 1)."""
    dark = tf.cast(brightness <= threshold, tf.float32)
    frame = 1.0 - tf.pad(
        tf.ones_like(dark[:, 1:-1, 1:-1]), ((0, 0), (1, 1), (1, 1), (0, 0))
    )
    lit = 1.0 - _grow(frame * dark, dark)
    lit = _dilate(-_dilate(-lit, 7), 7)  # an opening: drops specks and threads
    # A point of the largest region: the one with most of it around.
    crowd = tf.nn.avg_pool2d(lit, (65, 1), strides=1, padding="SAME")
    crowd = tf.nn.avg_pool2d(crowd, (1, 65), strides=1, padding="SAME") * lit
    seed = tf.one_hot(tf.argmax(tf.reshape(crowd, (-1,))), tf.size(crowd))
    return _grow(tf.reshape(seed, tf.shape(lit)) * lit, lit)


def _grow(seed, allowed):
    """Grows `seed` inside `allowed`, both (1, h, w, 1), through its sides.

    Each turn fills whole runs of allowed pixels, first along rows and then
    along columns, so a few turns are enough.
    """
    margin = ((1, 1), (1, 1))  # ends the runs at the frame
    allowed = tf.pad(allowed[0, ..., 0], margin)
    region = tf.pad(seed[0, ..., 0], margin)
    row_runs, column_runs = _run_numbers(allowed), _run_numbers(allowed, True)

    def body(region, _):
        grown = _fill_runs(region, row_runs) * allowed
        grown = _fill_runs(tf.transpose(grown), column_runs)
        grown = tf.transpose(grown) * allowed
        return grown, tf.reduce_any(grown > region)

    region, _ = tf.while_loop(
        lambda region, changed: changed, body, (region, tf.constant(True))
    )
    return region[None, 1:-1, 1:-1, None]


def _run_numbers(allowed, columns=False):
    """Numbers that are the same for neighbours in a run, in reading order."""
    ordered = tf.transpose(allowed) if columns else allowed
    return tf.cumsum(1 - tf.cast(tf.reshape(ordered, (-1,)), tf.int32))


def _fill_runs(region, runs):
    filled = tf.math.segment_max(tf.reshape(region, (-1,)), runs)
    return tf.reshape(tf.gather(filled, runs), tf.shape(region))


def _dilate(values, side: int):
    """The greatest value in a square of `side` pixels about each pixel."""
    rows = tf.nn.max_pool2d(values, (1, side), strides=1, padding="SAME")
    return tf.nn.max_pool2d(rows, (side, 1), strides=1, padding="SAME")


def _step(brightness, fov_mask):
    """Mean brightness just outside the outline over that just inside."""
    outer = (_dilate(fov_mask, 9) - fov_mask) * brightness
    inner_ring = fov_mask + _dilate(-fov_mask, 9)
    outer_ring = _dilate(fov_mask, 9) - fov_mask
    outer = tf.math.divide_no_nan(
        tf.reduce_sum(outer), tf.reduce_sum(outer_ring)
    )
    inner = tf.math.divide_no_nan(
        tf.reduce_sum(inner_ring * brightness), tf.reduce_sum(inner_ring)
    )
    return tf.math.divide_no_nan(outer, inner)


def _quantile(values, share: float):
    """The value below which `share` of the values lie."""
    ordered = tf.sort(tf.reshape(values, (-1,)))
    last = tf.cast(tf.size(ordered) - 1, tf.float32)
    return ordered[tf.cast(tf.round(share * last), tf.int32)]
