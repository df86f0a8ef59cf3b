"""TFDS builder of STARE: downloads its three tars, or takes the user's."""

import pathlib
import socket
import urllib.request

import tensorflow as tf
import tensorflow_datasets as tfds
from absl import logging

from . import stare_checks as checks
from . import stare_files as files
from . import stare_fov

HOMEPAGE = "https://cecas.clemson.edu/~ahoover/stare/"
ERRORS_SHOWN = 5


class Builder(tfds.core.GeneratorBasedBuilder):
    """STARE: 10 training and 10 test fundus photographs, 605 x 700."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    # The hashes stand in stare_files: a checksums file of TFDS also wants the
    # sizes in bytes, which the sources of the hashes do not give.
    SKIP_CHECKSUMS = True
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"""
    Optional: put {", ".join(files.ENDINGS)} from {files.URL} into manual_dir
    (or into STARE/ inside it). What is not there is downloaded.
    """

    def _info(self) -> tfds.core.DatasetInfo:
        height, width = files.HEIGHT, files.WIDTH
        features = {
            "image_id": tfds.features.Text(),
            "fundus": tfds.features.Image(
                shape=(height, width, 3), encoding_format="png"
            ),
            "has_vessel_map": tfds.features.Scalar(tf.bool),
            "has_second_annotator": tfds.features.Scalar(tf.bool),
        }
        for name in ("vessel_map", "fov_mask", "second_annotator"):
            features[name] = tfds.features.Image(
                shape=(height, width, 1), encoding_format="png"
            )
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("fundus", "vessel_map"),
            homepage=HOMEPAGE,
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        """Checks every file before the first example is written."""
        try:
            paths = files.find(dl_manager.manual_dir)
        except AssertionError:  # no such folder: then all is downloaded
            paths = {}
        paths |= _download(dl_manager, set(files.ENDINGS) - set(paths))
        survey = checks.survey_tars(paths)
        if survey.errors:
            more = len(survey.errors) - ERRORS_SHOWN
            raise checks.StareFileError(
                "STARE cannot be built:\n- "
                + "\n- ".join(survey.errors[:ERRORS_SHOWN])
                + (f"\n- and {more} more" if more > 0 else "")
            )
        for sentence in survey.complete:
            logging.info("STARE: %s", sentence)
        return {
            "train": self._generate_examples(survey, files.TRAIN_NUMBERS),
            "test": self._generate_examples(survey, files.TEST_NUMBERS),
        }

    def _generate_examples(self, survey, numbers):
        """Yields (image_id, example); AH is the first annotator, VK second."""
        for image_id in files.image_ids(numbers):
            fundus, vessel_map, second_annotator = (
                survey.pixel_arrays[f"{name}/{image_id}"]
                for name in files.ENDINGS
            )
            yield (
                image_id,
                {
                    "image_id": image_id,
                    "fundus": fundus,
                    "vessel_map": vessel_map[..., None],
                    "second_annotator": second_annotator[..., None],
                    "fov_mask": stare_fov.find_fov(fundus)[..., None],
                    "has_vessel_map": True,
                    "has_second_annotator": True,
                },
            )


def _download(dl_manager, names) -> dict:
    """Downloads tars and holds them against their SHA-256.

    Raises:
      StareFileError: no connection, or a tar of another hash (it is deleted,
        so that the next attempt downloads it again).
    """
    if not names:
        return {}
    _require_host()
    paths = dl_manager.download({name: files.URL + name for name in names})
    for name, path in paths.items():
        received = files.sha256_of(path)
        if received != files.SHA256[name]:
            pathlib.Path(path).unlink()
            raise checks.StareFileError(
                f"{files.URL}{name} is not the archive it should be: expected "
                f"SHA-256 {files.SHA256[name]}. Received: {received}. The "
                "download was deleted; try again, or put the tar into "
                "manual_dir, where it is checked by its content."
            )
    return {name: pathlib.Path(path) for name, path in paths.items()}


def _require_host() -> None:
    """Fails at once without a network, where TFDS retries for minutes."""
    if urllib.request.getproxies():
        return
    host = files.URL.split("/")[2]
    try:
        socket.getaddrinfo(host, 443)
    except OSError as error:
        raise checks.StareFileError(
            f"{host} cannot be reached ({error}). Where there is a network, "
            f"download {', '.join(files.ENDINGS)} from {files.URL} and put "
            "them into manual_dir."
        ) from error
