"""Files on their way in, on a real file system."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from octyne.errors import InvalidError, NotFoundError, PreconditionFailedError, TooLargeError
from octyne.files.etags import Condition, etag
from octyne.files.incoming import Incoming
from octyne.files.leftovers import Leftovers
from octyne.system.paths.folder import Root


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The app's directory."""
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


@pytest.fixture
def leftovers(tmp_path: Path) -> Iterator[Leftovers]:
    """With nothing in it, before and after."""
    made = Leftovers(str(tmp_path / "hidden"))
    made.sweep()
    descriptors = len(os.listdir("/proc/self/fd"))
    yield made
    assert os.listdir(tmp_path / "hidden") == []
    assert made.names == set()
    assert len(os.listdir("/proc/self/fd")) == descriptors


def begin(leftovers: Leftovers, files: Path, *parts: str) -> Incoming:
    """One with some bytes."""
    file = Incoming.begin(leftovers, str(files), parts)
    file.write(b"new", 100)
    return file


def test_it_is_hidden_until_it_is_placed(leftovers: Leftovers, files: Path) -> None:
    """And known to be hidden; its tag is that of the file."""
    file = begin(leftovers, files, "a")
    assert [leftovers.is_hidden(name) for name in os.listdir(files)] == [True]
    tag = file.place()
    file.discard()

    assert os.listdir(files) == ["a"]
    assert tag == etag((files / "a").stat())


def test_discarded_ones_leave_nothing(leftovers: Leftovers, files: Path) -> None:
    """And can't be gone on with."""
    file = begin(leftovers, files, "a")
    file.discard()
    file.discard()

    assert os.listdir(files) == []
    with pytest.raises(ValueError, match="closed"):
        file.write(b"x", 100)
    with pytest.raises(ValueError, match="closed"):
        file.place()


def test_the_limit_holds(leftovers: Leftovers, files: Path) -> None:
    """To the byte; what is too much isn't written."""
    file = begin(leftovers, files, "a")
    file.write(b"x" * 97, 100)
    with pytest.raises(TooLargeError):
        file.write(b"x", 100)

    assert file.size == 100
    file.discard()


def test_conditions_are_asked_when_it_is_placed(leftovers: Leftovers, files: Path) -> None:
    """The old file stays."""
    (files / "a").write_text("old")
    file = begin(leftovers, files, "a")
    with pytest.raises(PreconditionFailedError):
        file.place(Condition(match=('"x"',)))
    file.discard()

    assert (files / "a").read_text() == "old"


def test_it_is_found_again(leftovers: Leftovers, files: Path) -> None:
    """Also in a folder that was renamed meanwhile, once that was told."""
    (files / "old").mkdir()
    file = begin(leftovers, files, "old", "a")
    hidden = file.hidden
    file.close()
    with Root.open(str(files)) as root:
        leftovers.moving(root, ("old",), ("failed",))
        leftovers.moving(root, ("old",), ("new",))
    (files / "old").rename(files / "new")
    again = Incoming.resume(leftovers, str(files), hidden, "a")
    again.write(b"er", 100)
    again.place()
    again.discard()

    assert (files / "new" / "a").read_text() == "newer"


def test_what_is_gone_is_not_found_again(leftovers: Leftovers, files: Path) -> None:
    """Nor what somebody put in its place."""
    file = begin(leftovers, files, "a")
    file.close()
    (files / file.hidden).unlink()
    os.mkfifo(files / file.hidden)

    with pytest.raises(OSError, match=r"No such|Is a|device"):
        Incoming.resume(leftovers, str(files), file.hidden, "a")
    leftovers.forget(file.hidden)


def test_kept_ones_survive_a_sweep(leftovers: Leftovers, files: Path, tmp_path: Path) -> None:
    """Those that somebody goes on with; the others go."""
    kept, lost = begin(leftovers, files, "a"), begin(leftovers, files, "b")
    kept.close()
    lost.close()
    leftovers.names.clear()
    leftovers.sweep(keep=[kept.hidden])

    assert os.listdir(files) == [kept.hidden]
    assert leftovers.is_hidden(kept.hidden)
    Incoming.resume(leftovers, str(files), kept.hidden, "a").discard()


def test_a_folder_that_is_being_taken_away(leftovers: Leftovers, files: Path) -> None:
    """Has a hidden name itself: nothing lands in it any more."""
    (files / "folder").mkdir()
    file = begin(leftovers, files, "folder", "a")
    with (
        Root.open(str(files)) as root,
        root.at(()) as top,
        leftovers.hidden(root, top, "removed") as hidden,
    ):
        (files / "folder").rename(files / hidden)
        with pytest.raises(NotFoundError):
            file.place()
    file.discard()

    assert os.listdir(files) == []


@pytest.mark.parametrize("parts", [(), ("folder",), ("fifo",)])
def test_what_is_no_file_is_refused(
    leftovers: Leftovers, files: Path, parts: tuple[str, ...]
) -> None:
    """Before anything is made."""
    (files / "folder").mkdir()
    os.mkfifo(files / "fifo")

    with pytest.raises(InvalidError):
        Incoming.begin(leftovers, str(files), parts)
    assert sorted(os.listdir(files)) == ["fifo", "folder"]
