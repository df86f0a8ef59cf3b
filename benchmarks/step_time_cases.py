"""The training steps that `step_time` times, as flags of `migan_tf.train`."""

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
