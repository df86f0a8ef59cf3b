"""A run of --generator=delta and its SavedModel, shared by the tests here."""

import pytest

from tests import small_delta


@pytest.fixture(scope="session")
def delta_network():
    """The Keras model of `small_delta`."""
    return small_delta.network()


@pytest.fixture(scope="session")
def delta_run(delta_network, tmp_path_factory):
    """The run folder."""
    return small_delta.save_run(tmp_path_factory.mktemp("delta"), delta_network)


@pytest.fixture(scope="session")
def delta_served(delta_run, tmp_path_factory):
    """Its SavedModel; there are no photographs to be read."""
    pytest.importorskip("tensorflow_serving", reason="needs the extra serving")
    from export import servable

    models = tmp_path_factory.mktemp("models")
    return servable.export([delta_run], "synthesis", models)
