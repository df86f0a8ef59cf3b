"""Calls of TensorFlow Serving by REST, and what its answers must be.

What comes back is of a server that may be any: its status, its length, its
JSON and each value are looked at before anything is made of them.
"""

import base64
import contextlib
import gzip
import http.client
import io
import json
import os
import shlex
import socket
import ssl
import threading
import urllib.error
import urllib.parse
import urllib.request
import zlib

import numpy as np

from .client_protocols import Client, Failure, short, told, without_password

LARGEST_ANSWER = 2**30  # bytes; a photograph of 24 MP as numbers has 0.7 GB
PIECE = 2**16
# What the reading of an answer of another form may raise.
ODD = (AttributeError, KeyError, OverflowError, TypeError, ValueError)


class RestClient(Client):
    """Client of a REST port, such as http://localhost:8501."""

    def proxy(self) -> tuple[str, str]:
        """See `Client`; urllib takes it from the environment."""
        parts = urllib.parse.urlsplit(self.server)
        proxy = urllib.request.getproxies().get(parts.scheme, "")
        if not proxy or urllib.request.proxy_bypass(parts.netloc):
            return "", ""
        name = f"{parts.scheme}_proxy"
        named = [n for n in (name, name.upper()) if os.environ.get(n)]
        return without_password(proxy), (named or ["the system"])[0]

    def look(self, model) -> str:
        """See `Client`."""
        return f"curl -i {shlex.quote(self._url(model))}"

    def _url(self, model):
        return f"{self.server}/v1/models/{urllib.parse.quote(model, safe='')}"

    def _call(self, model, signature, inputs):
        url = self._url(model)
        if self.model_version is not None:
            url += f"/versions/{self.model_version}"
        metadata = self._send("metadata", f"{url}/metadata")
        infos = _infos(metadata, signature)
        columns = {name: _to_json(value) for name, value in inputs.items()}
        body = {"signature_name": signature, "inputs": columns}
        outputs = self._send("outputs", f"{url}:predict", body)
        if len(infos) == 1:  # A single output comes without its name.
            outputs = {name: outputs for name in infos}
        try:
            return {n: _from_json(outputs[n], infos[n]) for n in infos}
        except ODD as error:
            raise Failure("strange", told(error)) from error

    def _send(self, key, url, body=None):
        """The value of one key of the JSON that the server answers."""
        data = None if body is None else json.dumps(body).encode()
        with _Deadline(self.timeout_s) as deadline:
            try:
                return self._exchange(url, data, deadline)[key]
            except KeyError as error:
                raise Failure("strange", told(error)) from error
            except Failure as failure:
                if deadline.passed:
                    raise Failure("late", _LATE) from failure
                raise

    def _exchange(self, url, data, deadline):
        headers = {"Content-Type": "application/json"}
        try:
            request = urllib.request.Request(url, data, headers)
            opener = _opener(deadline)
            with opener.open(request, None, self.timeout_s) as reply:
                return _read_json(reply)
        except urllib.error.HTTPError as error:
            with error:
                raise Failure.of(error.code, _reason(error)) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _failure(error) from error


_LATE = "no whole answer in that time"


class _Deadline(contextlib.AbstractContextManager):
    """Ends the connections of a call that takes too long, wherever it is.

    A socket's own time limit is that of one piece: a server that sends a byte
    now and then would never reach it.
    """

    def __init__(self, seconds):
        self.passed = False
        self._sockets = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self):
        self._timer.start()
        return self

    def __exit__(self, *_):
        self._timer.cancel()

    def watch(self, opened) -> None:
        """Adds a socket to those that end when the time has passed."""
        self._sockets.append(opened)
        if self.passed:
            self._end()

    def _end(self):
        self.passed = True
        for opened in self._sockets:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)


def _opener(deadline):
    """What urllib opens an address with, proxies and all, under a deadline."""

    class Watched:
        def connect(self):
            super().connect()
            deadline.watch(self.sock)

        def request(self, *arguments, **more):
            # Who finds a request too large may answer before its end and
            # close; the answer says more than the broken pipe.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                super().request(*arguments, **more)

    class Plain(Watched, http.client.HTTPConnection):
        pass

    class Encrypted(Watched, http.client.HTTPSConnection):
        pass

    class PlainHandler(urllib.request.HTTPHandler):
        def http_open(self, request):
            return self.do_open(Plain, request)

    class EncryptedHandler(urllib.request.HTTPSHandler):
        def https_open(self, request):
            return self.do_open(Encrypted, request)

    return urllib.request.build_opener(
        PlainHandler, EncryptedHandler, _StaysHere
    )


class _StaysHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: of a POST it would lose what was sent."""

    def redirect_request(self, *_, **__):
        """Makes no further request, so that the status is an error."""
        return None


def _read(reply) -> bytes:
    """The whole body of an answer.

    Raises:
      ValueError: it is cut, longer than any answer, or packed in a way that
        was not asked for.
    """
    content = bytearray()
    while piece := reply.read1(PIECE):
        content += piece
        if len(content) > LARGEST_ANSWER:
            raise ValueError(f"longer than {LARGEST_ANSWER} bytes")
    if reply.length:
        raise ValueError(
            f"cut after {len(content)} bytes, {reply.length} are missing"
        )
    packing = reply.headers.get("Content-Encoding", "identity").lower()
    if packing in ("gzip", "x-gzip"):
        return _unpacked(content)
    if packing != "identity":
        raise ValueError(f"Content-Encoding is {packing}")
    return bytes(content)


def _unpacked(content):
    try:
        with gzip.open(io.BytesIO(content)) as packed:
            found = packed.read(LARGEST_ANSWER + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"called gzip, and it is none: {error}") from error
    if len(found) > LARGEST_ANSWER:
        raise ValueError(f"longer than {LARGEST_ANSWER} bytes")
    return found


def _read_json(reply) -> dict:
    """The JSON object of a successful answer.

    Raises:
      Failure: it is another status or content.
    """
    kind = reply.headers.get("Content-Type", "no Content-Type")
    begin = f"HTTP {reply.status} {short(kind)}"
    content = b""
    try:
        content = _read(reply)
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        shown = content[:1000].decode("utf-8", "replace") or "nothing"
        raise Failure(
            "strange", f"{begin}, {short(error)}: {short(shown)}"
        ) from error
    if reply.status != 200 or not isinstance(found, dict):
        shown = content[:1000].decode("utf-8", "replace")
        raise Failure("strange", f"{begin}: {short(shown)}")
    return found


def _failure(error) -> Failure:
    """What the error of a connection means."""
    cause = getattr(error, "reason", error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Failure(
            "failed",
            f"{short(cause)}; SSL_CERT_FILE=FILE names a certificate to trust",
        )
    if isinstance(cause, ssl.SSLError):
        return Failure(
            "failed", f"no TLS ({short(cause)}); http:// is without TLS"
        )
    if isinstance(cause, TimeoutError):
        return Failure("late", short(cause))
    if isinstance(cause, ConnectionError):
        return Failure("gone", short(cause) or type(cause).__name__)
    if isinstance(cause, http.client.IncompleteRead):
        return Failure("strange", f"an answer that was cut: {short(cause)}")
    if isinstance(cause, http.client.HTTPException):
        return Failure(
            "strange",
            f"what is no HTTP ({type(cause).__name__}: {short(cause)}); a port "
            "of TLS is https://HOST:PORT, of gRPC grpc://HOST:PORT",
        )
    return Failure("failed", short(cause) or type(cause).__name__)


def _reason(error) -> str:
    """The text of {"error": text}, or what another server says."""
    if place := error.headers.get("Location"):
        return f"it points to {short(place)}"
    content = b""
    try:
        content = _read(error)
        return short(json.loads(content)["error"])
    except (OSError, http.client.HTTPException) as cut:
        return f"an answer that was cut: {short(cut)}"
    except (ValueError, KeyError, TypeError, RecursionError):
        text = content[:1000].decode("utf-8", "replace")
        return short(text) or short(error.reason) or "nothing"


def _infos(metadata, signature) -> dict[str, tuple]:
    """{output: (type, sizes)} of a signature, which an answer's JSON lacks.

    A size is None where any is meant, and so are the sizes.
    """
    try:
        known = metadata["signature_def"]["signature_def"]
        if signature not in known:
            raise Failure("unknown", f"only {short(', '.join(sorted(known)))}")
        outputs = known[signature]["outputs"]
        return {name: _info(info) for name, info in outputs.items()}
    except ODD as error:
        raise Failure("strange", told(error)) from error


def _info(info):
    shape = info.get("tensor_shape") or {}
    if "dim" not in shape:
        return info["dtype"], None
    sizes = [int(one.get("size", 0)) for one in shape["dim"]]
    return info["dtype"], [None if n < 0 else n for n in sizes]


def _to_json(value):
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [{"b64": base64.b64encode(item).decode()} for item in value]


def _from_json(value, info):
    """An output as an array, or list of bytes.

    Raises:
      ValueError, TypeError, …: it is none of that type and shape.
    """
    dtype, sizes = info
    if dtype == "DT_STRING":
        return [_bytes(item) for item in _listed(value)]
    name = {"DT_FLOAT": "float32", "DT_DOUBLE": "float64"}.get(dtype)
    given = np.asarray(value)
    wanted = np.dtype(name or dtype.removeprefix("DT_").lower())
    kinds = {"f": "fiu", "i": "iu", "u": "iu", "b": "b"}[wanted.kind]
    if given.size and given.dtype.kind not in kinds:
        raise ValueError(f"{short(value)} where {wanted} is due")
    with np.errstate(all="ignore"):  # What does not fit is told below.
        array = given.astype(wanted)
    exact = wanted.kind == "f" or np.array_equal(array, given)
    if not exact or not np.isfinite(array).all():
        raise ValueError(f"a value that is no {wanted}")
    if sizes is not None and not _fits(array.shape, sizes):
        raise ValueError(f"the shape {array.shape} where {sizes} is due")
    return array


def _fits(shape, sizes):
    if len(shape) != len(sizes):
        return False
    return all(size in (None, n) for n, size in zip(shape, sizes, strict=True))


def _listed(value):
    if not isinstance(value, list):
        raise ValueError(f"{short(value)} where a list of files is due")
    return value


def _bytes(item):
    if isinstance(item, dict):  # The output's name ends in _bytes.
        return base64.b64decode(item["b64"], validate=True)
    return item.encode()
