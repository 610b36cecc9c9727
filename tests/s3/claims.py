"""Seatrial's blobs on a real S3 server, behind a network that does its worst.

Usage: claims.py SEATRIAL MODEL OTHER-MODEL. Each function states a claim; the first that does not
hold ends the run with its name.
"""

import hashlib
import json
import signal
import subprocess
import urllib.request
from pathlib import Path

import world
from proxy import DOWN, UP
from world import BUCKET, MODEL, OTHER_MODEL, PREFIX, SECRETS, Server, digest, keys, proxy, s3, until

MODEL_BYTES, OTHER_BYTES = Path(MODEL).read_bytes(), Path(OTHER_MODEL).read_bytes()
KEY = f"/{BUCKET}/{PREFIX}/blobs/sha256/{digest(MODEL_BYTES)}"


def what_is_pushed_is_in_the_bucket_and_downloads_and_serves(server):
    server.push()
    assert s3("GET", KEY) == (200, MODEL_BYTES)
    shown = server.cli("model", "show", "m", "1")
    assert digest(MODEL_BYTES) in shown.stdout, shown
    assert server.download() == (200, MODEL_BYTES)
    started = server.roll_out("m")
    assert started.returncode == 0, started
    assert infer(server) == 200
    assert not keys("partial/"), "nothing is left at a temporary key"


def a_restart_without_the_cache_fetches_what_it_serves(server):
    server.end()
    server.cached(MODEL_BYTES).unlink()
    server.start()
    until(lambda: infer(server) == 200, "the serving version was loaded")
    assert server.cached(MODEL_BYTES).read_bytes() == MODEL_BYTES


def no_wrong_byte_of_a_download_is_served_and_it_works_when_the_fault_ends(server):
    for fault in [*DOWN, "delays", "cuts", "fails"]:
        server.cached(MODEL_BYTES).unlink()
        proxy.fault = fault
        status, answer = server.download()
        proxy.fault = None
        # A cut is made up for by asking for the rest.
        assert (status, answer) == (200, MODEL_BYTES) or status in (409, 503), (fault, status)
        if fault in ("corrupts downloads", "truncates downloads"):
            assert status == 409 and b"have digest" in answer, (fault, status, answer)
        if fault in ("delays", "cuts", "fails"):
            assert status == 503 and b"out of reach" in answer, (fault, status, answer)
        assert server.download() == (200, MODEL_BYTES), fault


def a_load_is_refused_while_the_bytes_arrive_altered(server):
    server.push(OTHER_MODEL, "other")
    server.cached(OTHER_BYTES).unlink()
    proxy.fault = "corrupts downloads"
    started = server.roll_out("other")
    proxy.fault = None
    assert started.returncode != 0, started
    explained = server.cli("rollout", "explain", "other").stdout
    assert "was altered" in explained, explained
    assert infer(server) == 200, "the other endpoint serves on"
    again = server.roll_out("other", "--override-quarantine")
    assert again.returncode == 0, again


def a_push_that_does_not_arrive_is_no_version_and_arrives_when_the_fault_ends(server):
    large = Path(server.home, "large")
    large.mkdir()
    (large / "model.onnx").write_bytes(MODEL_BYTES)
    # Several parts: by way of a temporary key.
    (large / "notes.bin").write_bytes(bytes(range(256)) * 48 * 1024)
    for fault in [*UP, "corrupts downloads", "delays", "cuts", "fails"]:
        proxy.fault = fault
        pushed = server.cli("model", "push", str(large), "--name", "large")
        proxy.fault = None
        assert pushed.returncode != 0, (fault, pushed)
        assert "object store" in pushed.stderr, (fault, pushed)
        assert server.versions("large") == 0, fault
    server.push(large, "large")
    notes = (large / "notes.bin").read_bytes()
    assert server.download("large", 1, "notes.bin") == (200, notes)
    assert s3("GET", f"/{BUCKET}/{PREFIX}/blobs/sha256/{digest(notes)}") == (200, notes)


def a_server_starts_and_serves_its_cache_while_the_object_store_is_away(server):
    server.end()
    proxy.fault = "cuts"
    server.start()
    until(lambda: infer(server) == 200, "the serving version was loaded")
    assert server.download() == (200, MODEL_BYTES)
    doctor = server.cli("doctor", "--config", str(server.home / "seatrial.toml"))
    assert doctor.returncode != 0 and "out of reach" in doctor.stdout, doctor
    proxy.fault = None
    doctor = server.cli("doctor", "--config", str(server.home / "seatrial.toml"))
    assert doctor.returncode == 0 and f"bucket {BUCKET} answers" in doctor.stdout, doctor


def an_upload_that_a_crash_ended_is_no_version_and_its_rest_is_swept(server):
    path = Path(server.home, "crashed.bin")
    path.write_bytes(b"x" * (11 << 20))
    directory = Path(server.home, "crashed")
    directory.mkdir()
    path.rename(directory / "extra.bin")
    (directory / "model.onnx").write_bytes(MODEL_BYTES)
    proxy.reached.clear()
    proxy.passing.clear()
    command = [world.SEATRIAL, "model", "push", str(directory), "--name", "crashed"]
    push = subprocess.Popen([*command, "--server", server.url], stderr=subprocess.DEVNULL)
    until(proxy.reached.is_set, "a part was on its way")
    server.end(signal.SIGKILL)
    proxy.passing.set()
    push.wait()
    # What such an upload leaves, had it come a little further.
    s3("PUT", f"/{BUCKET}/{PREFIX}/blobs/partial/left", b"half")
    server.start()
    assert server.versions("crashed") == 0
    assert server.download() == (200, MODEL_BYTES)
    until(lambda: not keys("partial/"), "the rest was swept")
    server.push(directory, "crashed")


def a_download_that_takes_longer_than_a_request_may_is_there_for_who_asks_again(server):
    server.push()
    proxy.delay_s, proxy.fault = 2, "delays"
    server.cached(MODEL_BYTES).unlink()
    for path in [f"/api/2.0/mlflow-artifacts/{of}/versions/m/1/v1.onnx" for of in ("artifacts", "presigned")]:
        status, answer = server.get(path)
        assert status == 504 and json.loads(answer)["error_code"] == "TEMPORARILY_UNAVAILABLE", answer
    until(server.cached(MODEL_BYTES).exists, "it was fetched to its end")
    assert server.download() == (200, MODEL_BYTES)


def a_version_that_takes_longer_to_read_than_a_request_may_is_refused_for_good(server):
    status, answer = server.post(
        "/api/2.0/mlflow/model-versions/create", {"name": "m", "source": "models:/m/1"}
    )
    proxy.fault = None
    assert status == 400 and "request_timeout" in answer["message"], (status, answer)
    assert server.versions() == 1
    answer = server.post(
        "/api/2.0/mlflow/model-versions/create", {"name": "m", "source": "models:/m/1"}
    )
    assert answer[0] == 200 and server.versions() == 2, answer


def what_the_bucket_refuses_is_not_asked_for_again(server):
    s3("DELETE", KEY)
    server.cached(MODEL_BYTES).unlink()
    proxy.fault = "refuses"
    status, answer = server.get("/api/2.0/mlflow-artifacts/artifacts/versions/m/1/v1.onnx")
    proxy.fault = None
    assert status == 409 and b"the object store refuses" in answer, (status, answer)


def bit_rot_is_mended_by_the_good_copy_and_reported_without_one(server):
    s3("PUT", KEY, b"rotten")
    until(lambda: server.metric('seatrial_mended_blobs_total{copy="stored"}') == 1, "mended")
    assert s3("GET", KEY) == (200, MODEL_BYTES)
    s3("DELETE", KEY)
    until(lambda: server.metric('seatrial_mended_blobs_total{copy="stored"}') == 2, "sent again")
    assert s3("GET", KEY) == (200, MODEL_BYTES)
    server.cached(MODEL_BYTES).write_bytes(b"rotten")
    until(lambda: server.metric('seatrial_mended_blobs_total{copy="cached"}') == 1, "mended")
    assert server.cached(MODEL_BYTES).read_bytes() == MODEL_BYTES
    s3("PUT", KEY, b"rotten")
    server.cached(MODEL_BYTES).unlink(missing_ok=True)
    until(lambda: server.metric("seatrial_corrupt_blobs") == 1, "reported")
    assert server.download()[0] == 409
    doctor = server.cli("doctor", "--config", str(server.home / "seatrial.toml"))
    assert doctor.returncode != 0 and digest(MODEL_BYTES) in doctor.stdout, doctor
    told = [line for line in server.log().splitlines() if "no good copy of a blob is left" in line]
    assert len(told) == 1, told
    server.push()
    until(lambda: server.metric("seatrial_corrupt_blobs") == 0, "pushed again, it is sound")
    assert server.download() == (200, MODEL_BYTES)


def a_blob_larger_than_the_memory_it_may_take_goes_through(server):
    directory = Path(server.home, "huge")
    directory.mkdir()
    (directory / "model.onnx").write_bytes(MODEL_BYTES)
    with open(directory / "extra.bin", "wb") as extra:
        extra.truncate(300 << 20)
        extra.write(b"end")
    server.push(directory, "huge")
    with open(directory / "extra.bin", "rb") as extra:
        digest = digest_of(extra)
    cached = server.home / "data" / "blobs" / "cache" / "sha256" / digest
    cached.unlink()
    path = "/api/2.0/mlflow-artifacts/artifacts/versions/huge/1/extra.bin"
    with urllib.request.urlopen(server.url + path, timeout=60) as answer:
        assert digest_of(answer) == digest
    assert server.peak_mib() < 200, server.peak_mib()


def credentials_are_never_logged(server):
    for secret in SECRETS.values():
        assert secret not in server.log()


def digest_of(file):
    hasher = hashlib.sha256()
    while chunk := file.read(1 << 20):
        hasher.update(chunk)
    return hasher.hexdigest()


def infer(server):
    body = {"name": "image", "shape": [1, 64], "datatype": "FP32", "data": [0.0] * 64}
    request = urllib.request.Request(
        f"{server.inference}/v2/models/m/infer", json.dumps({"inputs": [body]}).encode()
    )
    try:
        return urllib.request.urlopen(request, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code


FAULTY = [
    what_is_pushed_is_in_the_bucket_and_downloads_and_serves,
    a_restart_without_the_cache_fetches_what_it_serves,
    no_wrong_byte_of_a_download_is_served_and_it_works_when_the_fault_ends,
    a_load_is_refused_while_the_bytes_arrive_altered,
    a_push_that_does_not_arrive_is_no_version_and_arrives_when_the_fault_ends,
    a_server_starts_and_serves_its_cache_while_the_object_store_is_away,
    credentials_are_never_logged,
]
SCRUBBED = [
    what_is_pushed_is_in_the_bucket_and_downloads_and_serves,
    bit_rot_is_mended_by_the_good_copy_and_reported_without_one,
    an_upload_that_a_crash_ended_is_no_version_and_its_rest_is_swept,
    credentials_are_never_logged,
]
SLOW = [
    a_download_that_takes_longer_than_a_request_may_is_there_for_who_asks_again,
    a_version_that_takes_longer_to_read_than_a_request_may_is_refused_for_good,
    what_the_bucket_refuses_is_not_asked_for_again,
]
LARGE = [a_blob_larger_than_the_memory_it_may_take_goes_through]


def main():
    s3("PUT", f"/{BUCKET}")
    for limits, claims in [
        ('timeout = "2s"\nretries = 2\nretry_for = "4s"\nattempts = 2', FAULTY),
        ('scrub_every = "100ms"\ntemporary_grace = "1s"\nscrub_rate = 1_000_000_000', SCRUBBED),
        ('[limits.control]\nrequest_timeout = "1s"', SLOW),
        ("", LARGE),
    ]:
        server = Server(limits)
        try:
            for claim in claims:
                try:
                    claim(server)
                except BaseException:
                    print(server.log()[-6000:])
                    print(f"NOT SO: {claim.__name__}")
                    raise
                print(f"ok  {claim.__name__}")
        finally:
            server.end(signal.SIGKILL)


if __name__ == "__main__":
    try:
        main()
    finally:
        world.stop()
