"""Replacing a file: whole, private where it has to be, through symlinks."""

import os
from pathlib import Path

import pytest

from octyne.system.replaced_file import replace_file


def test_a_symlink_stays_one(tmp_path: Path) -> None:
    """Its target is replaced."""
    (tmp_path / "real").mkdir()
    (tmp_path / "users.json").symlink_to("real/u.json")
    (tmp_path / "real/u.json").write_text("{}")
    replace_file(str(tmp_path / "users.json"), b"new")

    assert (tmp_path / "users.json").is_symlink()
    assert (tmp_path / "real/u.json").read_bytes() == b"new"
    assert os.listdir(tmp_path / "real") == ["u.json"]


def test_leftovers_and_traps_in_the_way(tmp_path: Path) -> None:
    """A temporary file of a killed run is replaced; a symlink in its place is not followed."""
    (tmp_path / "victim").write_text("precious")
    (tmp_path / ".users.json.new").symlink_to("victim")
    replace_file(str(tmp_path / "users.json"), b"{}")

    assert (tmp_path / "victim").read_text() == "precious"
    assert sorted(os.listdir(tmp_path)) == ["users.json", "victim"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_is_kept(tmp_path: Path) -> None:
    """A daemon run as root once doesn't lock the usual user out."""
    path = tmp_path / "users.json"
    path.write_text("{}")
    os.chown(path, 12345, 12345)
    replace_file(str(path), b"{}")

    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12345)


def test_the_mode_is_kept_as_far_as_it_may(tmp_path: Path) -> None:
    """A new file is private, an old one stays as strict as it was."""
    path = tmp_path / "f"
    modes = []
    for mode, most in ((None, 0o7777), (0o644, 0o7777), (0o644, 0o600), (0o400, 0o600)):
        if mode is not None:
            path.chmod(mode)
        replace_file(str(path), b"x", most=most)
        modes.append(path.stat().st_mode & 0o7777)

    assert modes == [0o600, 0o644, 0o600, 0o400]
