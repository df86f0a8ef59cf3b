"""A result of `generator_evaluation` that is made up, for reports."""

from migan_tf.evaluation import generator_report


def part(dice, **more):
    return {
        "images": 8,
        "vessel_consistency": {
            "threshold": 0.4,
            "dice": dice,
            "sensitivity_thin": None,
            "sensitivity_thick": 0.75,
            "centreline_dice": 0.5,
        },
        "colour": {"distance_to_training": 3.0, "distance_to_style": None},
        "style_leak": None,
        "pixel_noise": 3.571,
        "kid_to_training": 0.0123,
        "nearest_training_distance": 12.5,
        "patch_accuracy": 0.85,
        "patch_accuracy_interval": [0.8, 0.912],
        **more,
    }


def make_result(reference=None):
    painted = {
        "diversity": {"0.001": 0.0, "1": 2.25},
        "noise_stddev": 1.0,
        "nearest_ratio": 0.9,
        "alike": {
            "vessel_consistency/dice": False,
            "vessel_consistency/sensitivity_thin": None,
            "pixel_noise": True,
        },
    }
    return {
        "workdir": "runs/a",
        "model": None,
        "reference_workdir": "runs/b" if reference else None,
        "segmenter": "runs/a/segmentation",
        "features": "somebody's features",
        "split": "test",
        "maps": 4,
        "samples": 2,
        "seed": 3,
        "image_size": 64,
        "thick_from_pixels": 2,
        "style": None,
        "sheet": generator_report.sheet_name(False),
        "photographs": part(0.8123),
        "half_to_half": {
            "vessel_consistency": {"dice": 0.0102, "sensitivity_thin": None},
            "pixel_noise": 0.25,
            "kid_to_training": 0.002,
            "alike": {"vessel_consistency/dice": 0.9, "pixel_noise": 0.74},
        },
        "generator": part(0.7012, **painted),
        "reference": reference and part(reference, **painted),
        "warnings": ["something is odd"],
    }
