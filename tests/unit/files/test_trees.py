"""Removing trees, on the real file system."""

import errno
import os
from pathlib import Path

import pytest

from octyne.files.trees import Deadline, remove_tree
from octyne.system.paths.folder import Folder, Root


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that nothing may touch."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    return outside


def test_all_kinds_go_and_symlinks_are_not_followed(tmp_path: Path, outside: Path) -> None:
    """What they point to stays."""
    app = tmp_path / "app"
    (app / "tree/a/b/c").mkdir(parents=True)
    (app / "tree/a/b/c/file").write_text("")
    (app / "tree/a/link").symlink_to(outside)
    (app / "tree/dead").symlink_to("nowhere")
    os.mkfifo(app / "tree/a/fifo")
    os.link(outside / "kept", app / "tree/a/b/hard")
    with Root.open(str(app)) as root:
        remove_tree(root, "tree")
        remove_tree(root, "tree")  # nothing is there: nothing to do

    assert os.listdir(app) == []
    assert (outside / "kept").read_text() == "kept"


def test_a_symlink_itself_goes(tmp_path: Path, outside: Path) -> None:
    """One to a folder too."""
    (tmp_path / "link").symlink_to(outside)
    with Root.open(str(tmp_path)) as root:
        remove_tree(root, "link")

    assert (outside / "kept").exists()
    assert not (tmp_path / "link").is_symlink()


def test_any_depth_takes_no_more_descriptors(tmp_path: Path) -> None:
    """Deeper than paths can be long, deeper than files can be open."""
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(3_000):
        os.mkdir("deep", dir_fd=here)
        below = os.open("deep", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    with Root.open(str(tmp_path)) as root:
        remove_tree(root, "deep")

    assert os.listdir(tmp_path) == []


def test_many_folders_side_by_side(tmp_path: Path) -> None:
    """Each with files."""
    for number in range(300):
        (tmp_path / f"tree/{number}/x").mkdir(parents=True)
        (tmp_path / f"tree/{number}/file").write_text("")
    with Root.open(str(tmp_path)) as root:
        remove_tree(root, "tree")

    assert os.listdir(tmp_path) == []


class Failing(Folder):
    """A folder in which the file "stuck" can't be removed."""

    def remove(self, name: str) -> None:
        """As an immutable file says it."""
        if name == "stuck":
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        super().remove(name)

    def folder(self, name: str) -> Folder:
        """Those within, too."""
        return Failing(super().folder(name).fd)


def test_what_is_left_of_a_failure_is_where_it_was(tmp_path: Path) -> None:
    """For it may come back."""
    (tmp_path / "tree/a/b/c").mkdir(parents=True)
    (tmp_path / "tree/a/b/stuck").touch()
    (tmp_path / "tree/a/file").touch()
    with Root.open(str(tmp_path)) as root, pytest.raises(PermissionError):
        remove_tree(Failing(os.dup(root.fd)), "tree")

    assert (tmp_path / "tree/a/b/stuck").exists()
    assert os.listdir(tmp_path / "tree") == ["a"]


def test_it_can_be_stopped(tmp_path: Path) -> None:
    """What is left stays where it is, and another one goes on."""
    (tmp_path / "tree/a").mkdir(parents=True)
    (tmp_path / "tree/a/file").touch()
    stop = Deadline()
    with Root.open(str(tmp_path)) as root:
        stop.set_in(-1)
        with pytest.raises(InterruptedError):
            remove_tree(root, "tree", stop)
        assert (tmp_path / "tree/a/file").exists()
        stop.clear()
        remove_tree(root, "tree", stop)

    assert os.listdir(tmp_path) == []
