"""SavedModels with signatures like the served ones, whose answers are known."""

import contextlib

import tensorflow as tf

from tests.serving_stand_in import serving

SEGMENTATION, SYNTHESIS = "migan_segmentation", "migan_synthesis"


@contextlib.contextmanager
def running(folder):
    """Serves two versions of segmentation and one of synthesis."""
    folders = {
        SEGMENTATION: {1: str(folder / "1"), 2: str(folder / "2")},
        SYNTHESIS: {1: str(folder / "synthesis")},
    }
    save_segmentation(folders[SEGMENTATION][1], 0.5)
    save_segmentation(folders[SEGMENTATION][2], 1.0)
    save_synthesis(folders[SYNTHESIS][1])
    with serving(folders) as addresses:
        yield addresses


def spec(shape, dtype, name):
    return tf.TensorSpec(shape, dtype, name=name)


def save_segmentation(folder, scale):
    """vessel_probability = green / 255 · scale, cut at 0.5."""
    module = tf.Module()
    module.scale = tf.Variable(scale, dtype=tf.float32)

    def segment(fundus):
        green = tf.cast(fundus[..., 1:2], tf.float32)
        return green / 255 * module.scale

    @tf.function(
        input_signature=[spec([None, None, None, 3], tf.uint8, "fundus")]
    )
    def arrays(fundus):
        found = segment(fundus)
        return {
            "vessel_probability": found,
            "vessel_map": tf.cast(found >= 0.5, tf.uint8) * 255,
            "fov_mask": tf.cast(fundus[..., :1] > 0, tf.uint8) * 255,
            "otsu_threshold": tf.fill([tf.shape(fundus)[0]], 0.5),
        }

    @tf.function(input_signature=[spec([None], tf.string, "image_bytes")])
    def files(image_bytes):
        def one(content):
            found = segment(tf.io.decode_png(content, 3))
            grey = tf.cast(tf.round(found * 255), tf.uint8)
            cut = tf.cast(found >= 0.5, tf.uint8) * 255
            return tf.io.encode_png(grey), tf.io.encode_png(cut)

        grey, cut = tf.map_fn(
            one, image_bytes, fn_output_signature=(tf.string, tf.string)
        )
        return {
            "vessel_probability_bytes": grey,
            "vessel_map_bytes": cut,
            "otsu_threshold": tf.fill([tf.shape(image_bytes)[0]], 0.25),
        }

    @tf.function(
        input_signature=[spec([None, None, None, 3], tf.uint8, "fundus")]
    )
    def largest(fundus):
        return {"largest": tf.reduce_max(fundus, [1, 2, 3])}

    signatures = {"serving_default": arrays, "segment_bytes": files}
    tf.saved_model.save(module, folder, {**signatures, "largest": largest})


def save_synthesis(folder):
    """The map is red, the seed green, a hundred times σ blue."""
    module = tf.Module()

    @tf.function(
        input_signature=[
            spec([None], tf.string, "vessel_map_bytes"),
            spec([None], tf.int64, "seed"),
            spec([None], tf.float32, "noise_stddev"),
        ]
    )
    def synthesize(vessel_map_bytes, seed, noise_stddev):
        def one(row):
            red = tf.io.decode_png(row[0], 1)
            green = tf.ones_like(red) * tf.cast(row[1], tf.uint8)
            blue = tf.ones_like(red) * tf.cast(row[2] * 100, tf.uint8)
            return tf.io.encode_png(tf.concat([red, green, blue], -1))

        fundus = tf.map_fn(
            one,
            (vessel_map_bytes, seed, noise_stddev),
            fn_output_signature=tf.string,
        )
        return {"fundus_bytes": fundus, "vessel_map_bytes": vessel_map_bytes}

    tf.saved_model.save(module, folder, {"synthesize_bytes": synthesize})
