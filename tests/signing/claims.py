"""What model-signing signs, Seatrial verifies, and the other way round; what was tampered with, neither.

Usage: claims.py SEATRIAL URL FIXTURES HOME
"""

import json
import pathlib
import shutil
import subprocess
import sys
import urllib.request

from model_signing import hashing, signing, verifying

SEATRIAL, URL = sys.argv[1], sys.argv[2]
FIXTURES, HOME = pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
PUBLIC, OTHER = FIXTURES / "throwaway.pub.pem", FIXTURES / "other.pub.pem"
DENIED, USAGE = 4, 2


def private(name):
    """A private key that only we can read: a checkout keeps no such mode."""
    key = HOME / f"{name}.pem"
    shutil.copy(FIXTURES / f"{name}.pem", key)
    key.chmod(0o600)
    return key


KEY = private("throwaway")


def seatrial(*arguments, status=0):
    command = [SEATRIAL, *map(str, arguments), "--server", URL]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == status, (command, ran)
    return ran.stdout + ran.stderr


def model(name, version="v1"):
    """A directory with a model and files whose order and names are not plain. Its name is in it: what is
    signed once is signed under every name."""
    home = HOME / name
    (home / "labels").mkdir(parents=True)
    shutil.copy(f"demo/models/{version}.onnx", home / "model.onnx")
    (home / "labels/en.txt").write_text(f"{name}\n")
    (home / "labels-old.txt").write_text("two\n")
    (home / "größe.txt").write_text("three\n")
    return home


def sign(home, bundle, config=None):
    config = config or hashing.Config().set_ignored_paths(paths=["model.sig"])
    signer = signing.Config().use_elliptic_key_signer(private_key=KEY)
    signer.set_hashing_config(config).sign(home, bundle)


def holds(home, bundle, key=PUBLIC):
    """Whether model-signing verifies the directory; why not, where it does not."""
    try:
        verifying.Config().use_elliptic_key_verifier(public_key=key).verify(home, bundle)
    except Exception as error:  # it raises what it likes, cryptography's own included
        return str(error) or type(error).__name__
    return None


def exported(name, version):
    base = f"{URL}/api/v1/models/{name}/versions/{version}/signatures"
    with urllib.request.urlopen(base) as answer:
        kept = json.load(answer)
    with urllib.request.urlopen(f"{base}/{kept[-1]['id']}") as answer:
        bundle = HOME / f"{name}-{version}.sig"
        bundle.write_bytes(answer.read())
    return bundle


def count(name):
    return len(json.loads(seatrial("model", "list", name, "-o", "json")))


def theirs_is_ours():
    """Twenty signatures, since theirs differ each time and some of their forms are rarer."""
    home = model("theirs")
    for round in range(20):
        sign(home, home / "model.sig")
        out = seatrial("model", "push", home, "--name", "theirs", "--signature", home / "model.sig")
        assert "theirs v1" in out, out
    assert "signed by" in seatrial("model", "verify", "theirs", "--key", PUBLIC)
    shown = json.loads(seatrial("model", "show", "theirs", "-o", "json"))
    paths = [file["path"] for file in shown["files"]]
    assert "model.sig" not in paths and len(paths) == 4, paths
    assert len(shown["signatures"]) == 1 and shown["signatures"][0]["keys"] == ["release"], shown
    seatrial("model", "verify", "theirs", "--key", OTHER, status=DENIED)


def ours_is_theirs():
    home = model("ours")
    seatrial("model", "push", home, "--name", "ours", "--sign-key", KEY)
    assert "signed by" in seatrial("model", "verify", "ours", "--key", PUBLIC)
    bundle = exported("ours", 1)
    assert holds(home, bundle) is None, holds(home, bundle)
    assert holds(home, bundle, OTHER)
    command = [sys.executable, "-m", "model_signing", "verify", "key", home, "--signature", bundle]
    subprocess.run([*command, "--public_key", PUBLIC], check=True, capture_output=True)


def one_file_alone():
    home = model("single")
    sign(home / "model.onnx", HOME / "single.sig", hashing.Config())
    pushed = ["model", "push", home / "model.onnx", "--name", "single", "--signature"]
    seatrial(*pushed, HOME / "single.sig")
    assert "signed by" in seatrial("model", "verify", "single", "--key", PUBLIC)


def a_version_is_signed_after_it_was_registered():
    home = model("later")
    seatrial("model", "push", home, "--name", "later")
    seatrial("model", "verify", "later", "--key", PUBLIC, status=DENIED)
    seatrial("model", "sign", "later", "v1", "--files", home, "--sign-key", KEY)
    assert "signed by" in seatrial("model", "verify", "later", "--key", PUBLIC)
    assert holds(home, exported("later", 1)) is None
    (home / "labels/en.txt").write_text("other\n")
    refused = ["model", "sign", "later", "v1", "--files", home, "--sign-key", KEY]
    assert "not as it was signed" in seatrial(*refused, status=USAGE)


def tampered(home):
    (home / "labels/en.txt").write_text("other\n")


def extra(home):
    (home / "more.txt").write_text("more\n")


def missing(home):
    (home / "labels-old.txt").unlink()


def what_was_tampered_with_is_refused_both_ways():
    cases = [
        (tampered, "not as it was signed", "Hash mismatch"),
        (extra, "not signed", "Extra files"),
        (missing, "signed, and missing", "Missing files"),
    ]
    for tamper, ours, theirs in cases:
        name = tamper.__name__
        home = model(name)
        sign(home, HOME / f"{name}.sig")
        seatrial("model", "push", home, "--name", name, "--sign-key", KEY)
        bundle = exported(name, 1)
        tamper(home)
        refused = ["model", "push", home, "--name", name, "--signature", HOME / f"{name}.sig"]
        assert ours in seatrial(*refused, status=USAGE)
        assert count(name) == 1, "nothing was registered"
        assert theirs in holds(home, bundle), holds(home, bundle)


def what_they_ignore_is_not_let_through_unsigned():
    home = model("ignoring")
    (home / ".gitignore").write_text("x\n")
    sign(home, HOME / "ignoring.sig", hashing.Config())
    assert holds(home, HOME / "ignoring.sig") is None
    refused = ["model", "push", home, "--name", "ignoring", "--signature", HOME / "ignoring.sig"]
    assert "not signed: \".gitignore\"" in seatrial(*refused, status=USAGE)
    all_files = hashing.Config().set_ignored_paths(paths=[], ignore_git_paths=False)
    sign(home, HOME / "all.sig", all_files)
    seatrial(*refused[:-1], HOME / "all.sig")


def a_policy_lets_only_signed_versions_in():
    policy = HOME / "strict.yaml"
    policy.write_text(
        "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: strict}\n"
        "spec: {endpoint: strict, signature: {key: release}}\n"
    )
    seatrial("policy", "apply", policy)
    home = model("strict")
    denied = seatrial("model", "push", home, "--name", "strict", status=DENIED)
    assert "key release" in denied and "--sign-key" in denied, denied
    other = ["model", "push", home, "--name", "strict", "--sign-key", private("other")]
    assert "not signed by key release" in seatrial(*other, status=DENIED)
    sign(home, home / "model.sig")
    seatrial("model", "push", home, "--name", "strict", "--signature", home / "model.sig")
    assert count("strict") == 1


def a_key_that_others_can_read_is_refused():
    KEY.chmod(0o644)
    home = model("careless")
    refused = ["model", "push", home, "--name", "careless", "--sign-key", KEY]
    assert "chmod 600" in seatrial(*refused, status=USAGE)
    KEY.chmod(0o600)


def a_key_may_come_through_a_pipe_from_what_decrypts_it():
    home = model("piped")
    decrypt = f"openssl pkey -in {FIXTURES}/encrypted.pem -passin pass:x"
    push = f"{SEATRIAL} model push {home} --name piped --server {URL}"
    subprocess.run(["bash", "-c", f"{push} --sign-key <({decrypt})"], check=True, capture_output=True)
    assert "signed by" in seatrial("model", "verify", "piped", "--key", PUBLIC)


def a_server_told_of_a_key_that_is_none_does_not_start():
    config = HOME / "wrong.toml"
    config.write_text('[keys.release]\npublic = "throwaway.pem"\n')
    command = [SEATRIAL, "serve", "--config", config, "--data", HOME / "never"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    told = "keys.release.public" in ran.stderr and "private key" in ran.stderr
    assert ran.returncode == USAGE and told, ran


CLAIMS = [
    theirs_is_ours,
    ours_is_theirs,
    one_file_alone,
    a_version_is_signed_after_it_was_registered,
    what_was_tampered_with_is_refused_both_ways,
    what_they_ignore_is_not_let_through_unsigned,
    a_policy_lets_only_signed_versions_in,
    a_key_that_others_can_read_is_refused,
    a_key_may_come_through_a_pipe_from_what_decrypts_it,
    a_server_told_of_a_key_that_is_none_does_not_start,
]

for claim in CLAIMS:
    claim()
    print(f"ok  {claim.__name__}")
print(f"{len(CLAIMS)} passed, 0 failed")
