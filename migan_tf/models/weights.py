"""Which weights a network has, in one word that can be compared."""

import hashlib


def weights_sha256(variables) -> str:
    """The SHA-256 of all variables' bytes, in their order.

    Args:
      variables: Keras or TensorFlow variables, as `network.weights`.

    Returns:
      64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for variable in variables:
        digest.update(variable.numpy().tobytes())
    return digest.hexdigest()
