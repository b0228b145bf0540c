"""What importing the program does to its process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.certificates import make_certificate
from support.needs import program

LOOK = """
import json, os, ssl
import octyne.__main__
known = ssl.create_default_context().cert_store_stats()["x509"]
print(json.dumps([os.environ.get("SSL_CERT_FILE"), known]))
"""


def look(**env: str) -> list[object]:
    """The setting, and how many certificates are trusted, after the import."""
    kept = {name: value for name, value in os.environ.items() if name != "SSL_CERT_FILE"}
    command = [sys.executable, "-c", LOOK]
    done = subprocess.run(command, env=kept | env, capture_output=True, check=True, timeout=60)
    found: list[object] = json.loads(done.stdout)
    return found


@pytest.fixture
def certificate(tmp_path: Path) -> str:
    """A file with one certificate."""
    program("openssl")
    make_certificate(tmp_path, "authority")
    return str(tmp_path / "cert.pem")


def test_certificates_are_only_hidden_for_the_import(certificate: str) -> None:
    """A Redis may be reached over TLS."""
    assert look(SSL_CERT_FILE=certificate) == [certificate, 1]


def test_no_setting_is_left_behind() -> None:
    """Apps inherit the daemon's environment."""
    assert look()[0] is None
