"""What both sides of `step_time` share.

These are the steps that are timed, written as flags of `migan_tf.train`, and
the way in which a side answers.
"""

import sys
import time

UNET = {
    "task": "segmentation",
    "segmenter": "unet",
    "segmenter_filters": 16,
    "unet_depth": 3,
    "discriminator": "none",
    "batch_size": 4,
    "image_size": 256,
    "adam_beta_1": 0.9,
}
PAPER = {"task": "synthesis", "segmenter": "migan", "batch_size": 1}
CASES = {
    "unet16_four_256": UNET,
    "unet16_one_512": {**UNET, "batch_size": 1, "image_size": 512},
    "unet32_four_256": {**UNET, "segmenter_filters": 32},
    "drive_best": {
        **UNET,
        "unet_depth": 2,
        "unet_stride": 2,
        "unet_cascade": 2,
    },
    "paper_generator": {**PAPER, "update": "network"},
    "paper_discriminator": {**PAPER, "update": "discriminator"},
}


def answer(update):
    """Reads a number of steps a line, makes them, prints seconds a step."""
    for line in sys.stdin:
        begin = time.perf_counter()
        for _ in range(int(line)):
            update()
        print((time.perf_counter() - begin) / int(line), flush=True)
