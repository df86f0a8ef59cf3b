"""Calls of TensorFlow Serving by gRPC.

It needs the extra `serving` of this package; `client.connect` imports it when
a grpc:// address asks for it.
"""

import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2
from tensorflow_serving.apis.prediction_service_pb2_grpc import (
    PredictionServiceStub,
)

from . import client_protocols

# gRPC's own limit is 4 MiB, and a photograph as numbers can be larger.
MAX_MESSAGE_BYTES = 2**31 - 1
LIMITS = [
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
]


class GrpcClient(client_protocols.Client):
    """Client of a gRPC port, such as grpc://localhost:8500."""

    def __init__(self, server, **settings):
        super().__init__(server, **settings)
        address = self.server.removeprefix("grpc://")
        self._channel = grpc.insecure_channel(address, LIMITS)
        self._stub = PredictionServiceStub(self._channel)

    def close(self) -> None:
        """Closes the channel."""
        self._channel.close()

    def _call(self, model, signature, inputs):
        request = predict_pb2.PredictRequest()
        request.model_spec.name = model
        request.model_spec.signature_name = signature
        if self.model_version is not None:
            request.model_spec.version.value = self.model_version
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        try:
            response = self._stub.Predict(request, self.timeout_s)
        except grpc.RpcError as error:
            raise client_protocols.Failure.of(
                error.code().name, error.details()
            ) from error
        outputs = {}
        for name, tensor in response.outputs.items():
            array = tf.make_ndarray(tensor)
            is_bytes = array.dtype == object
            outputs[name] = array.tolist() if is_bytes else array
        return outputs
