"""Files that are open to be sent."""

import os
from pathlib import Path

import pytest

from octyne.errors import InvalidError, NotFoundError
from octyne.files.download import open_file


def test_what_is_known_of_a_file(tmp_path: Path) -> None:
    """Through a folder, too."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/my file").write_bytes(b"GIF89a" * 100)
    with open_file(str(tmp_path), "/sub/./my file") as file:
        assert (file.name, file.size, file.content_type) == ("my file", 600, "image/gif")
        assert file.read(6, 3) == b"GIF"
        assert file.read(600, 3) == b""


def test_what_is_in_memory_is_read_at_once(tmp_path: Path) -> None:
    """Or None says that a thread has to."""
    (tmp_path / "a").write_bytes(b"0123456789")
    with open_file(str(tmp_path), "a") as file:
        found = file.read_cached(2, 3)

    assert found is None or bytes(found) == b"234"


def test_the_state_is_that_of_the_opening(tmp_path: Path) -> None:
    """A file that is replaced while it is sent is sent as it was."""
    (tmp_path / "a").write_bytes(b"old")
    with open_file(str(tmp_path), "a") as file:
        (tmp_path / "b").write_bytes(b"newer")
        os.replace(tmp_path / "b", tmp_path / "a")

        assert (file.size, file.read(0, 10)) == (3, b"old")


@pytest.mark.parametrize(
    ("path", "error", "text"),
    [
        ("missing", NotFoundError, "This file does not exist!"),
        ("a/b", NotFoundError, "This file does not exist!"),
        ("dead", NotFoundError, "This file does not exist!"),
        ("", InvalidError, "This is not a file!"),
        ("folder", InvalidError, "This is not a file!"),
        ("pipe", InvalidError, "This is not a file!"),
        ("to-pipe", InvalidError, "This is not a file!"),
        ("out", InvalidError, "Invalid file path: it leads out"),
        ("out-missing", InvalidError, "Invalid file path: it leads out"),
        ("../x", InvalidError, "Invalid file path: it leads out"),
        ("x\0", InvalidError, "Invalid file path: it holds a NUL byte"),
    ],
)
def test_what_is_refused(tmp_path: Path, path: str, error: type[Exception], text: str) -> None:
    """With the contract's texts, and without waiting."""
    (tmp_path / "a").touch()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to-pipe").symlink_to("pipe")
    (tmp_path / "dead").symlink_to("nowhere")
    (tmp_path / "out").symlink_to("/etc/passwd")
    (tmp_path / "out-missing").symlink_to("/etc/nobody-has-this")

    with pytest.raises(error, match=text):
        open_file(str(tmp_path), path)
