"""The client before servers that are broken, others than meant, or none.

Each server is what a connection gets: bytes, or a function of the socket.
Whatever it is, the user is told in one message which server it was, what it
sent and what to do next, and no file is written.
"""

import base64
import contextlib
import gzip
import io
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image

from export import client, client_rest
from migan_tf.base.errors import UserError

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = ("vessel_probability", "vessel_map")


def png(height=4, width=6):
    stored = io.BytesIO()
    Image.fromarray(np.zeros((height, width), np.uint8)).save(stored, "PNG")
    return stored.getvalue()


def http(content, status="200 OK", *more):
    """An answer as HTTP has it."""
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}"]
    head += ["Content-Type: application/json", *more, "", ""]
    return "\r\n".join(head).encode() + content


def raw(head, body=b""):
    return ("HTTP/1.1 200 OK\r\n" + head + "\r\n\r\n").encode() + body


def coded(content):
    return {"b64": base64.b64encode(content).decode()}


def infos(**types):
    outputs = {name: {"dtype": dtype} for name, dtype in types.items()}
    known = {"segment_bytes": {"outputs": outputs}}
    return {"metadata": {"signature_def": {"signature_def": known}}}


METADATA = infos(
    vessel_probability_bytes="DT_STRING",
    vessel_map_bytes="DT_STRING",
    otsu_threshold="DT_FLOAT",
)


def outputs(**others):
    """A right answer but for some of its outputs."""
    found = {f"{kind}_bytes": [coded(png())] for kind in KINDS}
    return {"outputs": {**found, "otsu_threshold": [0.5], **others}}


def never_ends(head, piece, pause=0.0):
    """A server that sends a piece again and again, and never the last one."""

    def serve(connection):
        read_request(connection)
        with contextlib.suppress(OSError):
            connection.sendall(head)
            while True:
                connection.sendall(piece)
                time.sleep(pause)

    return serve


drips = never_ends(raw("Content-Length: 1000"), b" ", pause=0.02)
drips_headers = never_ends(b"HTTP/1.1 200 OK\r\nX: ", b"x", pause=0.02)
endless = never_ends(
    raw("Transfer-Encoding: chunked"), b"1000\r\n" + b" " * 4096 + b"\r\n"
)


def late(connection):
    """Answers after the time limit."""
    read_request(connection)
    time.sleep(0.6)
    with contextlib.suppress(OSError):
        connection.sendall(http(METADATA))


def silent(connection):
    with contextlib.suppress(OSError):
        while connection.recv(2**16):  # Until the client has left.
            pass


def closes(connection):
    del connection


NESTED = b'{"outputs": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
HTML = b"<html><head><title>It works!</title></head></html>"
IMAGE = f"{KINDS[0]}_bytes"
# What comes in place of every answer, and words of the message.
ANY_ANSWER = {
    "html_with_status_200": (http(HTML), "It works!"),
    "empty_body": (http(b""), "nothing"),
    "a_list": (http([1, 2]), "[1, 2]"),
    "a_number": (http(7), ": 7"),
    "null": (http(None), "null"),
    "another_object": (http({"answer": 1}), "without 'metadata'"),
    "deep_nesting": (http(NESTED), "recursion"),
    "a_huge_number": (http(b'{"a": ' + b"9" * 9999 + b"}"), "digits"),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", "HTTP 204"),
    "206": (http(METADATA, "206 Partial Content"), "HTTP 206"),
    "301": (
        http(b"", "301 Moved", "Location: http://elsewhere.example/"),
        "it points to http://elsewhere.example/",
    ),
    "302_to_itself": (http(b"", "302 Found", "Location: /"), "points to /"),
    "307_no_place": (http(b"", "307 Temporary Redirect"), "HTTP 307"),
    "400_no_json": (http(HTML, "400 Bad Request"), "HTTP 400, <html>"),
    "401": (http(b"", "401 Unauthorized"), "no passwords"),
    "403": (http(HTML, "403 Forbidden"), "no passwords"),
    "404": (http(b"", "404 Not Found"), "must have the model"),
    "413": (http(b"", "413 Too Large"), "images of this size"),
    "418": (http(b"", "418 A Teapot"), "HTTP 418, A Teapot"),
    "429": (http({"error": "full"}, "429 Busy"), "HTTP 429, full"),
    "500": (http({"error": {"a": 1}}, "500 Error"), "{'a': 1}"),
    "500_long": (http({"error": "no " * 999}, "500 Error"), "no no …"),
    "500_odd": (http({"error": "a\x1b[31m\nb"}, "500 E"), "a�[31m b"),
    "502": (http(HTML, "502 Bad Gateway"), "HTTP 502"),
    "503": (http(b"", "503 Service Unavailable"), "HTTP 503"),
    "504": (http(b"", "504 Gateway Timeout"), "--timeout_s"),
    "999": (http(b"", "999 Odd"), "HTTP 999"),
    "no_status": (b"HTTP/1.1 OK\r\n\r\n", "no HTTP"),
    "another_protocol": (b"SSH-2.0-OpenSSH_9.6\r\n", "no HTTP"),
    "bytes": (bytes(range(1, 256)) * 9, "no HTTP"),
    "many_headers": (raw("\r\n".join(["X: 1"] * 200)), "no HTTP"),
    "gzip_that_is_none": (
        http(b"no gzip", "200 OK", "Content-Encoding: gzip"),
        "called gzip",
    ),
    "gzip_that_is_cut": (
        http(gzip.compress(b"{}")[:-9], "200 OK", "Content-Encoding: gzip"),
        "called gzip",
    ),
    "another_packing": (
        http(b"\x0b", "200 OK", "Content-Encoding: br"),
        "Content-Encoding is br",
    ),
    "another_charset": (
        http('{"é": 1}'.encode("latin-1")),
        "utf-8",
    ),
    "body_is_cut": (raw("Content-Length: 999", b'{"metada'), "are missing"),
    "length_is_short": (raw("Content-Length: 5", b'{"metadata":'), '{"met'),
    "length_is_none": (raw("Content-Length: much", b"{"), "Expecting"),
    "chunk_is_none": (raw("Transfer-Encoding: chunked", b"zz\r\n"), "cut"),
    "chunks_are_cut": (
        raw("Transfer-Encoding: chunked", b"4\r\n{   \r\n"),
        "cut",
    ),
    "closes_at_once": (closes, "running TensorFlow Serving"),
    "never_answers": (silent, "--timeout_s"),
    "answers_late": (late, "--timeout_s"),
    "drips": (drips, "--timeout_s"),
    "drips_headers": (drips_headers, "--timeout_s"),
    "endless": (endless, "longer than"),
    "metadata_list": (http({"metadata": [1]}), "odd"),
    "metadata_null": (http({"metadata": None}), "odd"),
    "no_such_signature": (
        http({"metadata": {"signature_def": {"signature_def": {"a": 1}}}}),
        "must have the signature. Received: only a",
    ),
    "signature_of_text": (
        http(
            {"metadata": {"signature_def": {"signature_def": {
                "segment_bytes": {"outputs": "text"}}}}}
        ),
        "odd",
    ),
    "no_types": (
        http(
            {"metadata": {"signature_def": {"signature_def": {
                "segment_bytes": {"outputs": {"otsu_threshold": {}}}}}}}
        ),
        "without 'dtype'",
    ),
}  # fmt: skip
# What comes in place of a right prediction alone.
PREDICTION = {
    "outputs_list": ({"outputs": [1, 2, 3]}, "odd"),
    "outputs_number": ({"outputs": 3}, "odd"),
    "outputs_null": ({"outputs": None}, "odd"),
    "no_outputs": ({"predictions": []}, "without 'outputs'"),
    "error_with_status_200": ({"error": "no"}, "without 'outputs'"),
    "an_output_is_gone": (
        {"outputs": {"otsu_threshold": [0.5]}},
        f"without '{IMAGE}'",
    ),
    "bad_base64": (outputs(**{IMAGE: [{"b64": "#!"}]}), "odd"),
    "base64_number": (outputs(**{IMAGE: [{"b64": 7}]}), "odd"),
    "no_base64": (outputs(**{IMAGE: [{"data": ""}]}), "without 'b64'"),
    "no_list": (outputs(**{IMAGE: coded(png())}), "where a list"),
    "png_that_is_none": (outputs(**{IMAGE: ["text"]}), "no whole PNG"),
    "png_is_empty": (outputs(**{IMAGE: [coded(b"")]}), "no whole PNG"),
    "png_is_cut": (outputs(**{IMAGE: [coded(png()[:-20])]}), "no whole PNG"),
    "another_size": (outputs(**{IMAGE: [coded(png(6, 4))]}), "4 × 6 pixels"),
    "two_images": (outputs(**{IMAGE: [coded(png())] * 2}), "2 × "),
    "no_image": (outputs(**{IMAGE: []}), "0 × "),
    "nan": (outputs(otsu_threshold=[float("nan")]), "no float32"),
    "infinity": (outputs(otsu_threshold=[float("inf")]), "no float32"),
    "too_large": (outputs(otsu_threshold=[1e300]), "no float32"),
    "beyond_its_range": (outputs(otsu_threshold=[7]), "not in [0,1]"),
    "text_for_a_number": (outputs(otsu_threshold=["0.5"]), "float32 is due"),
    "null_for_a_number": (outputs(otsu_threshold=[None]), "float32 is due"),
    "ragged": (outputs(otsu_threshold=[[1], [1, 2]]), "odd"),
    "a_scalar": (outputs(otsu_threshold=0.5), "odd"),
}
METADATA_OF = {
    "unknown_type": (infos(otsu_threshold="DT_FOO"), "odd"),
    "type_is_a_number": (infos(otsu_threshold=7), "odd"),
    "outputs_differ": (infos(other="DT_STRING"), "odd"),
}


@contextlib.contextmanager
def server(*answers):
    """A server that gives one connection each answer, and the last to all.

    Yields its port.
    """
    listening = socket.create_server(("127.0.0.1", 0))

    def one(connection, answer):
        with connection, contextlib.suppress(OSError):
            if isinstance(answer, bytes):
                read_request(connection)
                connection.sendall(answer)
            else:
                answer(connection)

    def serve():
        left = list(answers)
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                answer = left.pop(0) if len(left) > 1 else left[0]
                threads.append(
                    threading.Thread(target=one, args=(connection, answer))
                )
                threads[-1].start()

    threads = [threading.Thread(target=serve)]
    threads[0].start()
    try:
        yield listening.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for thread in threads:
            thread.join()


def read_request(connection):
    """Reads headers and body, so that an early end is not a reset."""
    with connection.makefile("rb") as stream:
        length = 0
        while (line := stream.readline()).strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        stream.read(length)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(client_rest, "LARGEST_ANSWER", 2**20)


def message(address, **settings):
    """What the user is told of a call of segment_bytes."""
    settings = {"timeout_s": 0.3, "retries": 0, **settings}
    with client.connect(address, backoff_s=0, **settings) as connected:
        with pytest.raises(UserError) as caught:
            client.segment(connected, png())
    text = str(caught.value)
    assert address in text and "Received: " in text and "Next: " in text
    assert "\n" not in text and len(text) < 1200
    return text


@pytest.mark.parametrize("name", ANY_ANSWER)
def test_any_other_answer(name):
    answer, words = ANY_ANSWER[name]
    with server(answer) as port:
        assert words in message(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("name", PREDICTION)
def test_any_other_prediction(name):
    answer, words = PREDICTION[name]
    with server(http(METADATA), http(answer)) as port:
        assert words in message(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("name", METADATA_OF)
def test_any_other_metadata(name):
    metadata, words = METADATA_OF[name]
    with server(http(metadata), http(outputs())) as port:
        assert words in message(f"http://127.0.0.1:{port}")


def test_a_right_server(capsys):
    packed = http(
        gzip.compress(json.dumps(outputs()).encode()),
        "200 OK",
        "Content-Encoding: gzip",
    )
    for answer in (http(outputs()), packed):
        with server(http(METADATA), answer) as port:
            with client.connect(f"http://127.0.0.1:{port}") as connected:
                found = client.segment(connected, png())
        assert found == {kind: png() for kind in KINDS}
        assert capsys.readouterr().out == "otsu_threshold 0.5000\n"


def test_an_array_has_the_type_and_shape_of_its_signature():
    shape = {"dim": [{"size": "-1"}, {"size": "2"}]}
    metadata = infos(found="DT_UINT8")
    known = metadata["metadata"]["signature_def"]["signature_def"]
    known["segment_bytes"]["outputs"]["found"]["tensor_shape"] = shape
    right = [[1, 255], [0, 2]]
    wrong = [[1, 256]], [[1, 0.5]], [[1, -1]], [1, 2], [[1, 2, 3]], [["1", "2"]]
    for rows in (right, *wrong):
        with server(http(metadata), http({"outputs": rows})) as port:
            with client.connect(
                f"http://127.0.0.1:{port}", retries=0
            ) as connected:
                if rows is right:
                    found = connected.predict("m", "segment_bytes", {})
                    assert found["found"].dtype == np.uint8
                    assert found["found"].tolist() == right
                    continue
                with pytest.raises(UserError, match="odd"):
                    connected.predict("m", "segment_bytes", {})


def test_an_answer_before_the_end_of_a_large_request():
    def refuses(connection):
        connection.recv(100)
        connection.sendall(http(b"", "413 Too Large"))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(2**16):  # As servers do that end with care.
            pass

    with server(http(METADATA), refuses) as port:
        with client.connect(
            f"http://127.0.0.1:{port}", retries=0, timeout_s=5
        ) as connected:
            with pytest.raises(UserError, match="HTTP 413"):
                client.segment(connected, png() + bytes(2**22))


def test_tls_where_there_is_none():
    def refuses(connection):
        connection.recv(2**16)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with server(refuses) as port:
        text = message(f"https://127.0.0.1:{port}", timeout_s=10)
    assert "http:// is without TLS" in text


def test_a_name_that_nobody_has(monkeypatch):
    def fails(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    assert "Name or service not known" in message("http://nobody.example:8501")


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY"])
def test_the_proxy_of_the_environment_is_named(monkeypatch, variable):
    with server(http(HTML, "503 Service Unavailable")) as port:
        proxy = f"127.0.0.1:{port}"
        monkeypatch.setenv(variable, f"http://me:secret@{proxy}")
        text = message("http://serving.example:8501")
        assert f"through the proxy http://{proxy} that {variable} names" in text
        assert "export no_proxy=serving.example" in text
        assert "secret" not in text
        # It is not named where the connection does not go through it.
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert "proxy" not in message(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "http://", "a b"])
def test_a_proxy_that_is_none(monkeypatch, proxy):
    monkeypatch.setenv("http_proxy", proxy)
    assert "http_proxy" in message("http://serving.example:8501")


@pytest.mark.slow
@pytest.mark.parametrize("answer", ["html", "closes_at_once", "bytes"])
def test_grpc_where_there_is_none(answer):
    answer, _ = {"html": (http(HTML), ""), **ANY_ANSWER}[answer]
    with server(answer) as port:
        text = message(f"grpc://127.0.0.1:{port}", timeout_s=2)
    assert "docker compose" in text


@pytest.mark.slow
def test_the_proxy_of_grpc_is_named(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://me:secret@127.0.0.1:9")
    text = message("grpc://serving.example:8500", timeout_s=2)
    assert "the proxy http://127.0.0.1:9 that http_proxy names" in text
    assert "secret" not in text


@pytest.mark.parametrize(
    "address",
    [
        "http://a..b:1",
        "http://a b:1",
        "http://a:1?x=1",
        "http://é:1",
        "http://:1",
    ],
)
def test_what_is_no_address(address):
    with pytest.raises(UserError, match="--server must be http://HOST:PORT"):
        client.connect(address)


def test_a_password_in_the_address_is_not_repeated():
    with pytest.raises(UserError, match="Next: --server=http://a:1") as caught:
        client.connect("http://me:secret@a:1")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["deep_nesting", "404", "closes_at_once"])
def test_the_command_ends_with_a_message(name, tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    with server(ANY_ANSWER[name][0]) as port:
        done = subprocess.run(
            [sys.executable, "-m", "export.client"]
            + [f"--segment={tmp_path / 'a.png'}", "--retries=0"]
            + [f"--output={tmp_path / 'out'}"]
            + [f"--server=http://127.0.0.1:{port}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
