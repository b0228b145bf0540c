"""Section 5 of the contract, what changes files: one at a time, by the real daemon."""

import json
import os
import socket
import stat
from pathlib import Path

import pytest

from support.app_files import Client, said, tree
from support.daemon import Daemon
from support.eventually import eventually

DANGEROUS = (403, "This operation is dangerous and has been forbidden!")
TAKEN = (409, "This file already exists!")
AVAILABLE = "Invalid operation! Operations available: mv,cp"
OUTSIDE = "it leads out of the app's directory."
DONE = (200, "")


# -- DELETE file ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["a.txt", "/a.txt", "./docs//b.txt", "../a.txt"[3:], "dead"])
def test_a_file_is_removed(client: Client, home: Path, path: str) -> None:
    """However its path is written; a dead symlink, too."""
    assert said(client.delete(path)) == DONE
    assert path.replace("./", "").replace("//", "/").lstrip("/") not in tree(home)


def test_a_folder_is_removed_with_its_contents(client: Client, home: Path) -> None:
    """And nothing hidden stays."""
    assert said(client.delete("docs")) == DONE
    assert sorted(os.listdir(home)) == ["a.txt", "dead", "empty", "inside", "out"]


@pytest.mark.parametrize("name", ["inside", "out"])
def test_a_symlink_itself_is_removed(client: Client, home: Path, name: str) -> None:
    """What it points to stays, inside or outside."""
    assert said(client.delete(name)) == DONE
    assert name not in tree(home)
    assert (home / "docs" / "b.txt").exists()
    assert (home.parent / "secret.txt").exists()


def test_special_files_are_removed(client: Client, home: Path) -> None:
    """Without being opened."""
    os.mkfifo(home / "fifo")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(os.path.relpath(home / "sock"))
    assert said(client.delete("fifo")) == DONE
    assert said(client.delete("sock")) == DONE


@pytest.mark.parametrize("path", ["", "/", ".", "./", "//", "/..", "docs/..", "a/../b/.."])
def test_the_directory_itself_is_never_removed(client: Client, home: Path, path: str) -> None:
    """Whatever way it is called."""
    before = tree(home)

    assert said(client.delete(path)) == DANGEROUS
    assert tree(home) == before


def test_a_missing_path_is_the_directory_itself(daemon: Daemon, home: Path) -> None:
    """So it is forbidden."""
    assert said(daemon.ask("DELETE", "/server/app/file")) == DANGEROUS


@pytest.mark.parametrize("path", ["no", "docs/no", "no/no", "a.txt/no", "inside/no", "dead/no"])
def test_what_is_missing_is_404(client: Client, path: str) -> None:
    """On the way, too."""
    assert said(client.delete(path)) == (404, "This file does not exist!")


@pytest.mark.parametrize("path", ["../secret.txt", "../none", "out/secret.txt", "out/none"])
def test_nothing_outside_is_removed(client: Client, home: Path, path: str) -> None:
    """Nor does the answer tell whether it is there."""
    assert said(client.delete(path)) == (400, f"Invalid file path: {OUTSIDE}")
    assert (home.parent / "secret.txt").exists()


@pytest.mark.parametrize("path", ["%00", "a%00b", "%ff", "%C0%AF", "x" * 300, "docs/" + "x" * 300])
def test_what_no_path_can_hold_is_400(daemon: Daemon, home: Path, path: str) -> None:
    """NUL bytes, what isn't UTF-8, names that are too long."""
    for method, route, what in (("DELETE", "file", "file"), ("POST", "folder", "folder")):
        status, text = said(daemon.ask(method, f"/server/app/{route}?path={path}"))

        assert status == 400
        assert text.startswith(f"Invalid {what} path: ")


NAMES = ["back\\slash", 'quo"te', "two words", "new\nline", "ünï 🎮", "-rf", "*", "%41", "a;b", " "]


@pytest.mark.parametrize("name", NAMES)
def test_all_names_are_names(client: Client, home: Path, name: str) -> None:
    """Backslashes, quotes, spaces, new lines and any Unicode."""
    assert said(client.folder(name)) == DONE
    assert said(client.change("mv", name, f"{name}2")) == DONE
    assert said(client.change("cp", f"{name}2", f"{name}3")) == DONE
    assert {f"{name}2", f"{name}3"} <= set(os.listdir(home))
    assert said(client.delete(f"{name}2")) == DONE
    assert f"{name}2" not in os.listdir(home)


# -- POST folder ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["new", "/new", "docs/new", "inside/new", "docs/../new", "/../new"]
)
def test_a_folder_is_made(client: Client, home: Path, path: str) -> None:
    """With mode 0755; through symlinks that stay inside, too."""
    assert said(client.folder(path)) == DONE
    made = home / path.lstrip("/").replace("../", "")
    found = made if made.exists() else home / "new"
    assert found.is_dir()
    assert stat.S_IMODE(found.stat().st_mode) == 0o755


@pytest.mark.parametrize("path", ["docs", "docs/deep", "a.txt", "dead", "out", "", "/", "."])
def test_a_folder_that_exists_is_400(client: Client, home: Path, path: str) -> None:
    """Whatever has the name."""
    before = tree(home)

    assert said(client.folder(path)) == (400, "This folder already exists!")
    assert tree(home) == before


def test_a_folder_needs_its_parent(client: Client) -> None:
    """The text says what is wrong."""
    assert said(client.folder("no/new")) == (400, "The parent folder does not exist!")
    assert said(client.folder("a.txt/new")) == (400, "The parent is not a folder!")
    assert said(client.folder("a.txt/no/new")) == (400, "The parent folder does not exist!")
    assert said(client.folder("dead/new")) == (400, "The parent folder does not exist!")


@pytest.mark.parametrize("path", ["../new", "out/new", "out/none/new"])
def test_no_folder_is_made_outside(client: Client, home: Path, path: str) -> None:
    """Neither by dots nor by symlinks."""
    assert said(client.folder(path)) == (400, f"Invalid folder path: {OUTSIDE}")
    assert sorted(os.listdir(home.parent)) == ["app", "secret.txt"]


# -- PATCH file -----------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["mv", "cp"])
@pytest.mark.parametrize(
    ("source", "target", "found"),
    [
        ("a.txt", "z.txt", "z.txt"),
        ("/a.txt", "/docs/z.txt", "docs/z.txt"),
        ("a.txt", "docs", "docs/a.txt"),
        ("a.txt", "inside", "docs/a.txt"),
        ("a.txt", "inside/z", "docs/z"),
        ("inside/b.txt", "", "b.txt"),
        ("docs/b.txt", "/", "b.txt"),
        ("docs", "other", "other/deep/c.txt"),
        ("docs", "empty", "empty/docs/deep/c.txt"),
        ("empty", "docs/deep", "docs/deep/empty"),
        ("dead", "docs", "docs/dead"),
        ("out", "docs/out2", "docs/out2"),
    ],
)
def test_it_is_moved_or_copied(
    client: Client, home: Path, operation: str, source: str, target: str, found: str
) -> None:
    """To a new name, or into an existing folder; symlinks as symlinks."""
    before = tree(home)
    at = source.lstrip("/").replace("inside", "docs")

    assert said(client.change(operation, source, target)) == DONE
    after = tree(home)
    assert found in after
    assert (at in after) == (operation == "cp")
    moved = [name for name in before if name == at or name.startswith(f"{at}/")]
    assert len(after) == len(before) + (len(moved) if operation == "cp" else 0)
    assert set(before.values()) == set(after.values())


def test_white_space_before_the_json_is_fine(client: Client, home: Path) -> None:
    """And the keys that other operations have don't matter."""
    body = json.dumps({"operation": "mv", "src": "a.txt", "dest": "z", "path": "x"})

    assert said(client.patch(f" \r\n\t {body}")) == DONE
    assert "z" in tree(home)


@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("word", ["mv", "cp"])
def test_the_historic_lines(client: Client, home: Path, word: str, end: str) -> None:
    """Three of them."""
    assert said(client.patch(f"{word}\na.txt\ndocs{end}")) == DONE
    assert "docs/a.txt" in tree(home)
    assert ("a.txt" in tree(home)) == (word == "cp")


@pytest.mark.parametrize("body", ["mv", "mv\n", "mv\na.txt", "mv\na.txt\n", "mv\na.txt\nb\nc"])
def test_a_wrong_count_of_lines_is_405(client: Client, home: Path, body: str) -> None:
    """Nothing is moved."""
    before = tree(home)

    assert said(client.patch(body)) == (405, "mv operation requires two arguments!")
    assert tree(home) == before


@pytest.mark.parametrize("body", ["", "rm\na.txt", "ln\na\nb", "MV\na.txt\nb", '["mv"]', "null"])
def test_an_unknown_first_line_is_405(client: Client, body: str) -> None:
    """As ever."""
    assert said(client.patch(body)) == (405, AVAILABLE)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"operation": "ln", "src": "a", "dest": "b"}, (400, AVAILABLE)),
        ({"src": "a", "dest": "b"}, (400, AVAILABLE)),
        ({"operation": None}, (400, AVAILABLE)),
        ({"operation": "rm", "path": "a.txt"}, (405, AVAILABLE)),
        ({"operation": "mv", "src": "a.txt"}, (400, "mv operation requires two arguments!")),
        ({"operation": "cp", "dest": "a.txt"}, (400, "cp operation requires two arguments!")),
        ({"operation": 3}, (400, "Invalid JSON body!")),
    ],
)
def test_wrong_json(client: Client, fields: dict[str, str], expected: tuple[int, str]) -> None:
    """Each with its text."""
    assert said(client.patch(json.dumps(fields))) == expected


def test_broken_json_is_400(client: Client) -> None:
    """It begins like JSON, so it isn't the historic form."""
    assert said(client.patch('{"operation":"mv"')) == (400, "Invalid JSON body!")


@pytest.mark.parametrize("operation", ["mv", "cp"])
def test_what_cannot_be_moved_or_copied(client: Client, home: Path, operation: str) -> None:
    """All texts; and nothing has changed."""
    before = tree(home)
    into = "moved" if operation == "mv" else "copied"
    for source, target, status, text in (
        ("no", "z", 400, "The file specified in src does not exist!"),
        ("a.txt/no", "z", 400, "The file specified in src does not exist!"),
        ("a.txt", "docs/b.txt", *TAKEN),
        ("a.txt", "a.txt", *TAKEN),
        ("a.txt", "", *TAKEN),
        ("a.txt", "dead", *TAKEN),
        ("docs/deep", "docs", *TAKEN),
        ("a.txt", "no/z", 400, "Destination parent folder does not exist!"),
        ("a.txt", "docs/b.txt/z", 400, "Destination parent is not a folder!"),
        ("docs", "docs", 400, f"A folder can't be {into} into itself!"),
        ("docs", "docs/deep", 400, f"A folder can't be {into} into itself!"),
        ("docs", "docs/deep/new", 400, f"A folder can't be {into} into itself!"),
        ("docs", "inside/deep", 400, f"A folder can't be {into} into itself!"),
        ("", "docs", 400, "Invalid source path: it is the app's directory itself."),
        ("/", "z", 400, "Invalid source path: it is the app's directory itself."),
    ):
        assert said(client.change(operation, source, target)) == (status, text), (source, target)
    assert tree(home) == before


@pytest.mark.parametrize("operation", ["mv", "cp"])
def test_nothing_is_moved_or_copied_in_or_out(client: Client, home: Path, operation: str) -> None:
    """Whether the end exists or not."""
    before = tree(home.parent)
    for path in ("../secret.txt", "../none", "out/secret.txt", "out/none", "out/no/none"):
        source = said(client.change(operation, path, "z"))
        target = said(client.change(operation, "a.txt", path))

        assert source == (400, f"Invalid source path: {OUTSIDE}")
        assert target == (400, f"Invalid destination path: {OUTSIDE}")
    into = said(client.change(operation, "a.txt", "out"))
    assert into == (400, f"Invalid destination path: {OUTSIDE}")
    assert tree(home.parent) == before


def test_copies_keep_modes_and_times(client: Client, home: Path) -> None:
    """Of files, folders and symlinks; but setuid, setgid and the sticky bit."""
    for name, mode in (("docs/b.txt", 0o4751), ("docs/deep", 0o3700), ("docs", 0o511)):
        (home / name).chmod(mode)
    for name in ("docs/b.txt", "docs/deep/c.txt", "docs/deep", "docs"):
        os.utime(home / name, ns=(10**18 + 1, 10**18 + 123_456_789))

    assert said(client.change("cp", "docs", "copy")) == DONE
    for name, mode in (("/b.txt", 0o751), ("/deep", 0o700), ("/deep/c.txt", 0), ("", 0o511)):
        found, was = (home / f"copy{name}").stat(), (home / f"docs{name}").stat()
        assert found.st_mtime_ns == was.st_mtime_ns == 10**18 + 123_456_789
        assert stat.S_IMODE(found.st_mode) == (mode or stat.S_IMODE(was.st_mode))
    (home / "docs").chmod(0o755)
    (home / "copy").chmod(0o755)


def test_special_files_are_moved_and_not_copied(client: Client, home: Path) -> None:
    """Copying one would mean to open it; a folder with one in it leaves nothing."""
    os.mkfifo(home / "docs" / "fifo")
    for source in ("docs/fifo", "docs"):
        answer = said(client.change("cp", source, "copy"))

        assert answer == (400, "This is not a file that can be copied!")
    assert said(client.change("mv", "docs/fifo", "pipe")) == DONE
    assert stat.S_ISFIFO((home / "pipe").lstat().st_mode)
    assert not [name for name in os.listdir(home) if name.startswith((".", "copy"))]


def test_methods_that_are_not_there(daemon: Daemon) -> None:
    """With the contract's texts."""
    assert said(daemon.ask("GET", "/server/app/folder")) == (405, "Only POST is allowed!")
    assert said(daemon.ask("TRACE", "/server/app/file")) == (
        405,
        "Only GET, POST, PATCH and DELETE are allowed!",
    )
    assert said(daemon.ask("POST", "/server/app/files")) == (
        405,
        "Only GET and PATCH are allowed!",
    )


# -- chmod ----------------------------------------------------------------------------------------


def test_modes_are_changed(client: Client, home: Path) -> None:
    """Of files and folders, with three or four digits."""
    assert said(client.mode("a.txt", "0640")) == DONE
    assert said(client.mode("docs", "750")) == DONE
    assert stat.S_IMODE((home / "a.txt").stat().st_mode) == 0o640
    assert stat.S_IMODE((home / "docs").stat().st_mode) == 0o750


def test_modes_that_are_not_changed(client: Client, home: Path) -> None:
    """Dangerous bits, nonsense, and what has another name or none of its own."""
    os.link(home / "a.txt", home.parent / "other")
    os.mkfifo(home / "fifo")
    before = {name: (home / name).lstat().st_mode for name in os.listdir(home)}
    for mode in ("4755", "2755", "1777", "7777"):
        status, text = said(client.mode("docs/b.txt", mode))
        assert (status, "setuid" in text) == (400, True)
    for mode in ("", "9", "0o644", "rw", "-644", "77777"):
        assert client.mode("docs/b.txt", mode).status == 400
    assert said(client.mode("a.txt", "600")) == (
        400,
        "Invalid file path: it has other names, hard links.",
    )
    for name in ("inside", "dead", "out", "fifo", ""):
        assert client.mode(name, "600").status == 400
    assert said(client.mode("no", "600")) == (400, "The file specified in path does not exist!")
    assert client.mode("../secret.txt", "777").status == 400
    assert {name: (home / name).lstat().st_mode for name in os.listdir(home)} == before


def test_changes_are_in_the_action_log(daemon: Daemon, client: Client) -> None:
    """With what was asked for."""
    client.folder("logged")
    client.change("mv", "a.txt", "logged")
    client.change("cp", "logged", "logged2")
    client.mode("logged", "700")
    client.delete("logged")
    client.batch({"operation": "rm", "path": "logged2"})
    log = daemon.directory / "logs" / "octyne.log"
    eventually(lambda: '"path": "logged2"}' in log.read_text())  # written behind the answers
    found = [json.loads(line) for line in log.read_text().splitlines()][-6:]
    for line in found:
        for key in ("level", "ts", "msg", "ip", "user"):
            line.pop(key)

    assert found == [
        {"action": "server.files.createFolder", "server": "app", "path": "logged"},
        {"action": "server.files.move", "server": "app", "src": "a.txt", "dest": "logged"},
        {"action": "server.files.copy", "server": "app", "src": "logged", "dest": "logged2"},
        {"action": "server.files.chmod", "server": "app", "path": "logged", "mode": "700"},
        {"action": "server.files.delete", "server": "app", "path": "logged"},
        {
            "action": "server.files.bulk",
            "server": "app",
            "operations": [{"operation": "rm", "path": "logged2"}],
            "count": 1,
        },
    ]
