"""Hidden names and their records, and what the next daemon does with those of a killed one."""

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from octyne.files.leftovers import PREFIX, Leftovers
from octyne.files.trees import Deadline
from octyne.system.paths.folder import Root
from octyne.system.paths.names import Parts
from support.full_disk import files_of_at_most


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app's directory."""
    (tmp_path / "app/folder").mkdir(parents=True)
    return tmp_path / "app"


@pytest.fixture
def leftovers(tmp_path: Path) -> Leftovers:
    """Those of the first daemon."""
    leftovers = Leftovers(str(tmp_path / "state"))
    leftovers.sweep()
    return leftovers


def next_daemon(tmp_path: Path) -> Leftovers:
    """What a daemon that starts now does."""
    leftovers = Leftovers(str(tmp_path / "state"))
    leftovers.sweep()
    return leftovers


def records(tmp_path: Path) -> list[str]:
    """Names of the records that there are."""
    return os.listdir(tmp_path / "state")


def test_what_keeps_its_hidden_name_is_removed(
    app: Path, leftovers: Leftovers, tmp_path: Path
) -> None:
    """At the end of the block, with its record."""
    with Root.open(str(app)) as root, root.at(("folder",)) as folder:
        with leftovers.hidden(root, folder, "upload") as name:
            assert name.startswith(PREFIX + "upload-")
            assert leftovers.is_hidden(name)
            assert len(records(tmp_path)) == 1
            os.close(folder.create(name))
        assert not leftovers.is_hidden(name)

    assert os.listdir(app / "folder") == records(tmp_path) == []


def test_what_gets_its_name_stays(app: Path, leftovers: Leftovers, tmp_path: Path) -> None:
    """Nothing of ours is left beside it."""
    with (
        Root.open(str(app)) as root,
        leftovers.hidden(root, root, "upload") as name,
    ):
        os.close(root.create(name))
        root.move(name, root, "final")

    assert (app / "final").exists()
    assert records(tmp_path) == []


def test_records_are_private(app: Path, leftovers: Leftovers, tmp_path: Path) -> None:
    """They tell where files are."""
    with Root.open(str(app)) as root:
        record = leftovers.record(leftovers.note(root, root, "upload"))

    assert stat.S_IMODE(os.stat(record).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(tmp_path / "state").st_mode) == 0o700


def test_the_next_daemon_removes_what_a_killed_one_left(
    app: Path, leftovers: Leftovers, tmp_path: Path
) -> None:
    """Whole trees, too; and the record of what was never made."""
    with Root.open(str(app)) as root, root.at(("folder",)) as folder:
        tree = leftovers.note(root, folder, "unpack")
        folder.make_folder(tree)
        (app / "folder" / tree / "inner").mkdir()
        leftovers.note(root, root, "upload")
    (app / "folder/user").write_text("stays")
    next_daemon(tmp_path)

    assert os.listdir(app) == ["folder"]
    assert os.listdir(app / "folder") == ["user"]
    assert records(tmp_path) == []


def test_a_folder_that_is_renamed_takes_them_along(
    app: Path, leftovers: Leftovers, tmp_path: Path
) -> None:
    """Killed before the rename or after it: both places are known."""
    with Root.open(str(app)) as root, root.at(("folder",)) as folder:
        name = leftovers.note(root, folder, "upload")
        os.close(folder.create(name))
        leftovers.moving(root, ("other",), ("elsewhere",))
        leftovers.moving(root, ("folder",), ("new", "place"))
        record = Path(leftovers.record(name))
        assert json.loads(record.read_bytes())["folders"] == [["folder"], ["new", "place"]]
        (app / "new").mkdir()
        root.move("folder", root, "new/place")
    next_daemon(tmp_path)

    assert os.listdir(app / "new/place") == []
    assert records(tmp_path) == []


def test_a_user_may_begin_names_like_ours(app: Path, leftovers: Leftovers, tmp_path: Path) -> None:
    """Only those with a record are ours."""
    (app / f"{PREFIX}mine").write_text("stays")
    assert not leftovers.is_hidden(f"{PREFIX}mine")
    next_daemon(tmp_path)

    assert (app / f"{PREFIX}mine").exists()


@pytest.mark.parametrize(
    "record",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"directory": "/", "folders": [["etc"]], "name": "passwd"}',
        b'{"directory": "/", "folders": [["etc"]], "name": ".octyne-/../passwd"}',
        b'{"directory": 1, "folders": [["x"]], "name": ".octyne-a-1"}',
    ],
)
def test_broken_records_stop_nothing(app: Path, tmp_path: Path, record: bytes) -> None:
    """They are logged and go, and remove nothing else: who renames folders reads all records."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state/a.json").write_bytes(record)
    (tmp_path / "state/half.json.new").write_bytes(b"{")
    next_daemon(tmp_path)

    assert records(tmp_path) == []
    assert Path("/etc/passwd").exists()


def test_records_of_apps_that_are_gone_go(app: Path, leftovers: Leftovers, tmp_path: Path) -> None:
    """There is nothing left to remove."""
    with Root.open(str(app)) as root, root.at(("folder",)) as folder:
        leftovers.note(root, folder, "upload")
    (app / "folder").rmdir()
    app.rmdir()
    next_daemon(tmp_path)

    assert records(tmp_path) == []


def test_what_takes_too_long_is_removed_beside(
    app: Path, leftovers: Leftovers, tmp_path: Path
) -> None:
    """Hidden and recorded until then; a folder above may be renamed meanwhile."""
    with Root.open(str(app)) as root, root.at(("folder",)) as folder:
        name = leftovers.note(root, folder, "unpack")
        (app / "folder" / name / "inner").mkdir(parents=True)
        (app / "folder" / name / "inner/file").touch()
    following = Leftovers(str(tmp_path / "state"))
    following.hurry.set_in(-1)
    following.sweep()

    assert (app / "folder" / name / "inner/file").exists()
    assert following.is_hidden(name)
    assert len(records(tmp_path)) == 1
    following.sweep_rest(following.hurry)
    assert following.is_hidden(name)

    with Root.open(str(app)) as root:
        following.moving(root, ("folder",), ("new",))
        root.move("folder", root, "new")
    following.sweep_rest(Deadline())

    assert os.listdir(app / "new") == records(tmp_path) == []
    assert not following.is_hidden(name)


def test_a_record_that_cannot_be_written_is_no_record(
    app: Path, leftovers: Leftovers, tmp_path: Path
) -> None:
    """Nothing of it stays, and others can be changed."""
    with Root.open(str(app)) as root:
        leftovers.note(root, root, "upload")
        before = records(tmp_path)
        with files_of_at_most(10), pytest.raises(OSError, match="large"):
            leftovers.note(root, root, "upload")
        (tmp_path / "state/half.json.new").write_bytes(b"{")
        leftovers.moving(root, ("folder",), ("new",))

    assert sorted(records(tmp_path)) == sorted([*before, "half.json.new"])
    assert len(leftovers.names) == 1


@pytest.mark.parametrize(
    ("of", "by", "old", "new"),
    [
        ("app", "link", ("folder",), ("renamed",)),
        ("app/folder", "app", ("folder", "in"), ("folder", "renamed")),
        ("app/folder", "app", ("folder", "in"), ("elsewhere",)),
        ("app/folder", "app", ("folder",), ("renamed",)),
        ("app", "app/folder", ("in",), ("renamed",)),
    ],
)
def test_folders_that_another_app_renames(
    app: Path, leftovers: Leftovers, tmp_path: Path, of: str, by: str, old: Parts, new: Parts
) -> None:
    """Its directory is the same one by another name, or around this one, or in it."""
    (app / "folder/in").mkdir()
    (tmp_path / "link").symlink_to("app")
    with Root.open(str(tmp_path / of)) as root, Root.open(str(tmp_path / by)) as other:
        place = ("folder", "in") if of == "app" else ("in",)
        with root.at(place) as folder:
            name = leftovers.note(root, folder, "upload")
            os.close(folder.create(name))
        leftovers.moving(other, old, new)
        os.rename(tmp_path.joinpath(by, *old), tmp_path.joinpath(by, *new))
    assert list(app.rglob(name))
    next_daemon(tmp_path)

    assert list(app.rglob(name)) == []
    assert records(tmp_path) == []


def test_the_records_directory_may_be_removed(
    app: Path, leftovers: Leftovers, tmp_path: Path
) -> None:
    """By an app, or a user of it, in whose directory it is: the next record makes it again."""
    with Root.open(str(app)) as root, root.at(("folder",)) as folder:
        leftovers.note(root, folder, "upload")
        shutil.rmtree(tmp_path / "state")
        leftovers.moving(root, ("folder",), ("renamed",))
        name = leftovers.note(root, folder, "upload")
        os.close(folder.create(name))
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    next_daemon(tmp_path)

    assert os.listdir(app / "folder") == []
