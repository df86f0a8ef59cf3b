import pathlib
import shutil
import socket
import types

import pytest
import tensorflow_datasets as tfds

from stare import stare_checks as checks
from stare import stare_dataset_builder as stare_builder
from stare import stare_files as files

DUMMY_DATA = pathlib.Path(__file__).parent / "dummy_data"


class StareTest(tfds.testing.DatasetBuilderTestCase):
    """TFDS's own checks, on the tars in dummy_data/."""

    DATASET_CLASS = stare_builder.Builder
    SPLITS = {"train": 10, "test": 10}
    SKIP_CHECKSUMS = True  # the builder verifies its downloads itself
    MOCK_OUT_FORBIDDEN_OS_FUNCTIONS = False  # pathlib and tarfile need them


@pytest.fixture
def downloads(tmp_path, monkeypatch):
    """A stand-in for TFDS's download manager; `asked` keeps the URLs."""
    for name in files.ENDINGS:
        shutil.copy(DUMMY_DATA / name, tmp_path)
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port: [])

    def download(urls):
        manager.asked.update(urls)
        return {
            name: shutil.copy(tmp_path / name, tmp_path / f"{name}.copy")
            for name in urls
        }

    manager = types.SimpleNamespace(asked={}, download=download)
    return manager


def test_a_download_is_verified_by_its_hash(downloads, tmp_path, monkeypatch):
    sums = {name: files.sha256_of(tmp_path / name) for name in files.ENDINGS}
    monkeypatch.setattr(files, "SHA256", sums)
    paths = stare_builder._download(downloads, {"labels-vk.tar"})
    assert downloads.asked == {
        "labels-vk.tar": "https://cecas.clemson.edu/~ahoover/stare/probing/"
        "labels-vk.tar"
    }
    survey = checks.survey_tars(
        paths | {n: tmp_path / n for n in list(files.ENDINGS)[:2]}
    )
    assert survey.errors == []
    assert all("official archive by its SHA-256" in s for s in survey.complete)


def test_a_download_of_another_hash_is_refused_and_deleted(downloads, tmp_path):
    with pytest.raises(checks.StareFileError, match="expected SHA-256 ebf2f1"):
        stare_builder._download(downloads, {"labels-ah.tar"})
    assert not (tmp_path / "labels-ah.tar.copy").exists()


def test_no_network_is_said_at_once(monkeypatch):
    def fail(host, port):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    monkeypatch.setattr(stare_builder.urllib.request, "getproxies", dict)
    with pytest.raises(checks.StareFileError, match="put them into manual_dir"):
        stare_builder._download(None, {"labels-ah.tar"})
