"""The root of an app, and what is done in folders, by both ways to resolve."""

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from octyne.system.paths import resolve
from octyne.system.paths.folder import Folder, Root
from octyne.system.paths.names import OutsideError, PathError, parse

pytestmark = pytest.mark.usefixtures("resolver")

OUTSIDE = [
    "out-relative",
    "out-absolute",
    "out-folder",
    "out-folder/secret",
    "out-folder/folder",
    "out-folder/nothing",
    "out-missing",
    "out-missing-absolute",
    "out-twice",
    "out-twice/secret",
    "a/out-deep",
    "a/out-deep/x",
    "in/out-deep",
    "out-and-in",
    "out-and-in-absolute",
    "proc",
    "proc-cwd",
    "proc-cwd/x",
]


@pytest.fixture
def root(app: Path) -> Iterator[Root]:
    """The app's directory, opened."""
    with Root.open(str(app)) as root:
        yield root


def read(descriptor: int) -> bytes:
    """All of a file, which is closed then."""
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def descriptors() -> set[str]:
    """Those that this process has open."""
    return set(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize(
    "path", ["a/f", "/a/f", "in/f", "in-absolute/f", "file-in", "dots", "chain", "self/self/a/f",
             "a/up/up/f", "root-itself/a/f", "/../a/f", "in/../a/f"]
)  # fmt: skip
def test_files_inside_are_read(root: Root, path: str) -> None:
    """Also by symlinks that stay inside, relative and absolute."""
    assert read(root.open_at(parse(path))) == b"inside"


@pytest.mark.parametrize("path", ["", "/", "a", "in", "in-absolute", "self", "root-itself", "a/up"])
def test_folders_inside_are_opened(root: Root, path: str) -> None:
    """And what is in them is seen."""
    with root.at(parse(path)) as folder, folder.scan() as entries:
        assert {"f", "fifo"} & {entry.name for entry in entries}


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_leads_out(root: Root, path: str) -> None:
    """Whether or not the end exists, and by whatever it is asked for; the texts are the same."""
    before = descriptors()
    texts = set()
    for method in (root.open_at, root.at, root.target):
        with pytest.raises(OutsideError) as caught:
            method(parse(path))
        texts.add(str(caught.value))

    assert len(texts) == 1
    assert descriptors() == before


@pytest.mark.parametrize("path", ["nothing", "dead", "dead-folder", "a/nothing", "nothing/x"])
def test_what_is_missing_is_missing(root: Root, path: str) -> None:
    """Dead symlinks too."""
    for method in (root.open_at, root.at):
        with pytest.raises(FileNotFoundError):
            method(parse(path))


@pytest.mark.parametrize("path", ["a/f/x", "file-in/x", "fifo/x"])
def test_a_file_is_no_folder(root: Root, path: str) -> None:
    """On the way as at the end."""
    for method in (root.open_at, root.at):
        with pytest.raises(NotADirectoryError):
            method(parse(path))


@pytest.mark.parametrize("path", ["fifo", "to-fifo", "socket"])
def test_only_regular_files_are_opened(root: Root, path: str) -> None:
    """Nobody waits for a FIFO's other end."""
    with pytest.raises(PathError, match="regular"):
        root.open_at(parse(path))


def test_devices_are_not_opened(root: Root, app: Path) -> None:
    """A terminal or a tape would do something."""
    try:
        os.mknod(app / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("can't run here: only root makes devices")
    with pytest.raises(PathError, match="regular"):
        root.open_at(("null",))


@pytest.mark.parametrize("path", ["loop", "loop/x"])
def test_circles_of_symlinks_end(root: Root, path: str) -> None:
    """With a reason."""
    with pytest.raises(PathError, match="too many symbolic links"):
        root.open_at(parse(path))


def test_steps_are_bounded(root: Root, app: Path) -> None:
    """A symlink that goes up and down for ever costs no more than others."""
    for number in range(30):
        (app / f"slow{number}").symlink_to("a/../" * 700 + f"slow{number + 1}")
    with pytest.raises((PathError, FileNotFoundError)):  # the kernel is done with them all
        root.open_at(("slow0",))


def test_long_names_are_refused(root: Root) -> None:
    """Before they reach a file system's own idea."""
    for method in (root.open_at, root.at):
        with pytest.raises(PathError, match="too long"):
            method(("x" * 256,))


@pytest.mark.parametrize(
    ("path", "where", "name"),
    [("a/f", "a", "f"), ("file-in", "a", "f"), ("chain", "a", "f"), ("a/new", "a", "new"),
     ("dead", "", "nothing"), ("fifo", "", "fifo"), ("to-fifo", "", "fifo")],
)  # fmt: skip
def test_writes_land_at_the_end_of_symlinks(root: Root, path: str, where: str, name: str) -> None:
    """The place of a write is where the file is, or would be made."""
    with root.target(parse(path)) as place:
        assert place.name == name
        assert root.relative(place.folder) == parse(where)


@pytest.mark.parametrize("path", ["", "a", "in", "in-absolute", "self"])
def test_no_write_lands_on_a_folder(root: Root, path: str) -> None:
    """Nor on a symlink to one."""
    with pytest.raises(IsADirectoryError):
        root.target(parse(path))


def test_places_are_of_the_link_itself(root: Root, app: Path) -> None:
    """Removing a symlink leaves what it points to."""
    with root.place(("out-absolute",)) as place:
        assert stat.S_ISLNK(place.folder.lstat(place.name).st_mode)
        place.folder.remove(place.name)

    assert (app.parent / "out/secret").read_text() == "secret"
    with pytest.raises(OutsideError):
        root.place(parse("out-folder/secret"))
    with pytest.raises(PathError):
        root.place(())


def test_racing_symlinks_never_lead_out(app: Path) -> None:
    """A process swaps a folder for a symlink outwards, as fast as it can, while we read."""
    (app / "swap").mkdir()
    (app / "swap/secret").write_text("inside")
    (app / "evil").symlink_to("../out")
    ended = threading.Event()

    def swap() -> None:
        with Root.open(str(app)) as root:
            while not ended.is_set():
                root.replace("swap", root, "kept")
                root.replace("evil", root, "swap")
                root.replace("swap", root, "evil")
                root.replace("kept", root, "swap")

    racer = threading.Thread(target=swap)
    racer.start()
    seen = set()
    try:
        for _ in range(3_000):
            with Root.open(str(app)) as root, suppress(OSError, PathError):
                seen.add(read(root.open_at(("swap", "secret"))))
    finally:
        ended.set()
        racer.join()

    assert seen == {b"inside"}


def test_a_folder_that_is_moved_out_is_noticed(root: Root, app: Path) -> None:
    """Records never name what is outside."""
    with root.at(("a", "b")) as folder:
        assert root.relative(folder) == ("a", "b")
        assert len(root.lineage(folder)) == 3
        (app / "a/b").rename(app.parent / "out/b")
        with pytest.raises(OutsideError):
            root.relative(folder)
        with pytest.raises(OutsideError):
            root.lineage(folder)


def test_moving_replaces_nothing(root: Root, app: Path) -> None:
    """Unlike replacing."""
    (app / "one").write_text("1")
    (app / "two").write_text("2")
    with pytest.raises(FileExistsError):
        root.move("one", root, "two")
    root.replace("one", root, "two")
    root.move("two", root, "three")

    assert (app / "three").read_text() == "1"
    assert not (app / "two").exists()


def test_moving_without_the_system_call(
    root: Root, app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some file systems can't say "only if it is free": a look comes before the rename."""

    def unsupported(*_: object) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr("octyne.system.paths.syscalls.rename_noreplace", unsupported)
    (app / "one").write_text("1")
    (app / "two").write_text("2")
    with pytest.raises(FileExistsError):
        root.move("one", root, "two")
    root.move("one", root, "three")

    assert (app / "three").read_text() == "1"


def test_modes(root: Root, app: Path) -> None:
    """Of files and folders; never through a symlink."""
    (app / "x").write_text("")
    root.chmod("x", 0o640)
    root.chmod("a", 0o700)
    assert stat.S_IMODE((app / "x").stat().st_mode) == 0o640
    assert stat.S_IMODE((app / "a").stat().st_mode) == 0o700
    before = (app.parent / "out/secret").stat().st_mode
    for name in ("out-absolute", "fifo"):
        with pytest.raises(PathError):
            root.chmod(name, 0o777)
    assert (app.parent / "out/secret").stat().st_mode == before


def test_names_in_a_folder(root: Root, app: Path) -> None:
    """The rest of what a folder does, on names alone."""
    root.make_folder("made")
    with root.folder("made") as made:
        os.close(made.create("new"))
        with pytest.raises(FileExistsError):
            made.create("new")
        made.symlink("new", "link")
        made.hard_link("new", made, "second")
        made.set_times("link", 1_000_000_000, 2_000_000_000)
        assert made.readlink("link") == "new"
        assert made.lstat("link").st_mtime_ns == 2_000_000_000
        assert made.lstat("second").st_nlink == 2
        assert made.find("nothing") is None
        assert made.path() == str(app / "made")
        with pytest.raises(OSError, match=r"(?i)not a directory|symbolic"):
            made.folder("link")
        with pytest.raises(FileNotFoundError):  # it may have been a link a moment ago
            made.readlink("new")
        for name in ("new", "link", "second"):
            made.remove(name)
        made.sync()
    root.remove_folder("made")

    assert not (app / "made").exists()


def test_no_descriptor_outlives_its_folder(root: Root) -> None:
    """Whatever was asked of it."""
    before = descriptors()
    for path in ["a/f", "in", "chain", "dead", "out-folder/x", "fifo", "loop", "a/f/x", "x" * 300]:
        for method in (root.open_at, root.at, root.target, root.place):
            with suppress(OSError, PathError):
                found = method(parse(path))
                if isinstance(found, int):
                    os.close(found)
                elif isinstance(found, Folder):
                    found.close()
                else:
                    found.folder.close()

    assert descriptors() == before


def test_a_file_that_becomes_a_symlink_meanwhile_is_gone(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at it and its opening: what was there is no more; nothing is followed."""
    monkeypatch.setattr(resolve, "kernel_resolves", lambda: False)
    monkeypatch.setattr(resolve, "walk", lambda *_: (os.dup(root.fd), "out-relative"))
    with pytest.raises(FileNotFoundError):
        root.open_at(("out-relative",))
