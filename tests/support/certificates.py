"""Real self-signed certificates, made by the openssl program."""

import os
import shutil
import subprocess
from pathlib import Path

OPENSSL = shutil.which("openssl")


def make_certificate(directory: Path, name: str, kind: str = "ec") -> None:
    """Write ``cert.pem`` and ``key.pem`` for a common name; ``kind``: "ec" or "rsa"."""
    assert OPENSSL is not None
    algorithm = (
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        if kind == "ec"
        else ["-newkey", "rsa:2048"]
    )
    command = [OPENSSL, "req", "-x509", *algorithm, "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command += ["-keyout", "key.new", "-out", "cert.new"]
    subprocess.run(command, cwd=directory, check=True, capture_output=True)
    for file in ("cert", "key"):
        os.replace(directory / f"{file}.new", directory / f"{file}.pem")
