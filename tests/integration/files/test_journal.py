"""Journals on real files, cut off at every step by a SIGKILL."""

import os
import secrets
import signal
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from octyne.files import service, settle
from octyne.files.journal import Journal, Rename, Replace, Step, TakeAway
from octyne.files.service import Files
from octyne.system.paths.folder import Folder, Root


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app's directory with a few things in it."""
    directory = tmp_path / "app"
    (directory / "a").mkdir(parents=True)
    (directory / "b" / "deep").mkdir(parents=True)
    for name in ("a/one", "a/two", "b/three", "b/deep/four"):
        (directory / name).write_text(name)
    (directory / "link").symlink_to("nowhere")
    return directory


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """What the daemon has of files."""
    files = Files(str(tmp_path / "state"))
    files.recover()
    return files


@pytest.fixture
def root(app: Path) -> Iterator[Root]:
    """The app's directory, open."""
    with Root.open(str(app)) as root:
        yield root


def tree(directory: Path) -> dict[str, str]:
    """All that is in a directory: names, and what they hold."""
    found = {}
    for path in directory.rglob("*"):
        name = str(path.relative_to(directory))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        else:
            found[name] = path.read_text() if path.is_file() else "/"
    return found


def journals(files: Files) -> list[str]:
    """What lies in the state directory."""
    return os.listdir(f"{files.directory}/journals")


@contextmanager
def undone(files: Files, root: Root) -> Iterator[Journal]:
    """A journal whose block an exception ends."""
    with suppress(RuntimeError), Journal(files, root) as journal:
        yield journal
        raise RuntimeError


def batch(root: Root, journal: Journal, upto: int) -> None:
    """Eight steps in five calls, each building on the one before; stops after ``upto``."""
    left = upto

    def take(*more: Step) -> None:
        nonlocal left
        steps = more[:left]
        left -= len(steps)
        journal.perform(steps)

    with root.at(("a",)) as a, root.at(("b",)) as b, root.at(()) as top:
        take(Rename(a, "one", b, "uno"), TakeAway(b, "three"), TakeAway(top, "link"))
        take(Replace(a, "two", b, "uno"), TakeAway(b, "deep"))
        take(Rename(top, "b", a, "inner"))
        take(Rename(top, "a", top, "c"))
        if upto >= 8:
            with root.at(("c", "inner")) as inner:
                take(Rename(inner, "uno", top, "top"))


DONE = {"c": "/", "c/inner": "/", "top": "a/two"}


def test_a_committed_batch_is_done(root: Root, app: Path, files: Files) -> None:
    """And nothing that was taken away is left, although folders above it were renamed."""
    with Journal(files, root) as journal:
        batch(root, journal, 99)

    assert tree(app) == DONE
    assert journals(files) == []
    assert files.leftovers.names == set()


@pytest.mark.parametrize("upto", range(9))
def test_an_exception_puts_everything_back(root: Root, app: Path, files: Files, upto: int) -> None:
    """After any number of steps."""
    before = tree(app)
    with undone(files, root) as journal:
        batch(root, journal, upto)

    assert tree(app) == before
    assert journals(files) == []
    assert files.leftovers.names == set()


def killed(work: object) -> None:
    """Run something in a child that a SIGKILL ends."""
    pid = os.fork()
    if pid == 0:
        try:
            work()  # type: ignore[operator]
        finally:
            os._exit(1)
    status = os.waitpid(pid, 0)[1]

    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


CALLS = ("move", "replace", "hard_link", "remove", "remove_folder", "sync")


def die_at(monkeypatch: pytest.MonkeyPatch, number: int, *, after: bool) -> None:
    """A SIGKILL before or after the ``number``th change of a name."""
    count = 0

    def wrap(name: str) -> None:
        real = getattr(Folder, name)

        def call(*args: object) -> object:
            nonlocal count
            count += 1
            if count == number and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            result = real(*args)
            if count == number and after:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        monkeypatch.setattr(Folder, name, call)

    for name in CALLS:
        wrap(name)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(1, 30))
def test_a_kill_at_any_call_leaves_all_or_nothing(
    app: Path, files: Files, monkeypatch: pytest.MonkeyPatch, number: int, after: bool
) -> None:
    """The next start finds everything done, or everything as it was; and again after a second."""
    before = tree(app)

    def work() -> None:
        die_at(monkeypatch, number, after=after)
        with Root.open(str(app)) as root, Journal(files, root) as journal:
            batch(root, journal, 99)
        os.kill(os.getpid(), signal.SIGKILL)

    def recovers_and_dies() -> None:
        die_at(monkeypatch, 1 + number % 4, after=after)
        files.recover()
        os.kill(os.getpid(), signal.SIGKILL)

    killed(work)
    killed(recovers_and_dies)
    files.recover()

    assert tree(app) in (before, DONE)
    assert (tree(app) == DONE) == (number > 12)
    assert journals(files) == []


def there_and_back(root: Root, journal: Journal) -> None:
    """A folder gives way to a new one, and another one goes through that."""
    journal.perform([TakeAway(root, "b")])
    hidden = journal.hidden_name("copy")
    journal.made(root, hidden)
    root.make_folder(hidden)
    journal.perform([Rename(root, hidden, root, "b")])
    with root.folder("b") as new:
        journal.perform([Rename(root, "a", new, "deep")])
        journal.perform([TakeAway(root, "link")])
        journal.perform([Rename(new, "deep", root, "a")])


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(1, 7))
@pytest.mark.parametrize("is_live", [False, True])
def test_an_undo_goes_on_where_it_was_killed(
    app: Path,
    files: Files,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    after: bool,
    is_live: bool,
) -> None:
    """What was put back isn't taken for what is still to be: a name may be had twice."""
    before = tree(app)

    def work() -> None:
        with suppress(RuntimeError), Root.open(str(app)) as root, Journal(files, root) as journal:
            there_and_back(root, journal)
            if is_live:
                die_at(monkeypatch, number, after=after)
                raise RuntimeError
            os.kill(os.getpid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    def recovers_and_dies() -> None:
        die_at(monkeypatch, number, after=after)
        files.recover()
        os.kill(os.getpid(), signal.SIGKILL)

    killed(work)
    if not is_live:
        killed(recovers_and_dies)
    files.recover()

    assert tree(app) == before
    assert journals(files) == []


def test_the_progress_of_an_undo_ends_with_the_boot(
    root: Root, app: Path, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was put back before a power cut may not have come to the disk."""
    before = tree(app)
    path = Path(files.directory, "journals/x.jsonl")
    with Journal(files, root) as journal:
        journal.perform([TakeAway(root, "link")])
        content = Path(journal._path).read_bytes()
        hidden = journal._hidden[0]
    (app / hidden).symlink_to("nowhere")
    path.write_bytes(content + settle.progress(0))
    monkeypatch.setattr(settle, "boot_id", lambda: "another")
    files.recover()

    assert tree(app) == before
    assert not path.exists()


def test_a_torn_last_line_was_not_done(root: Root, app: Path, files: Files) -> None:
    """It was never synced, so its step never began."""
    before = tree(app)
    path = f"{files.directory}/journals/x.jsonl"
    with Journal(files, root) as journal:
        journal.perform([TakeAway(root, "link")])
        content = Path(journal._path).read_bytes()
        hidden = journal._hidden[0]
    (app / hidden).symlink_to("nowhere")
    Path(path).write_bytes(content + content.splitlines()[1][:30])
    files.recover()

    assert tree(app) == before
    assert not os.path.exists(path)
    assert settle.read(b"") is None
    assert settle.read(content[:10]) is None


def test_a_taken_name_is_restored_beside(root: Root, app: Path, files: Files) -> None:
    """Nothing is lost when somebody else takes the old name meanwhile."""
    with undone(files, root) as journal, root.at(("a",)) as a:
        journal.perform([TakeAway(a, "one"), Rename(a, "two", root, "two")])
        (app / "a" / "one").write_text("new")
        (app / "a" / "two").write_text("new")
        (app / "a" / "two (restored)").write_text("older")

    assert (app / "a" / "one").read_text() == "new"
    assert (app / "a" / "one (restored)").read_text() == "a/one"
    assert (app / "a" / "two (restored)").read_text() == "older"
    assert (app / "a" / "two (restored 2)").read_text() == "a/two"


def test_a_foreign_thing_is_not_touched(root: Root, app: Path, files: Files) -> None:
    """What has the new name now isn't what was recorded: it stays."""
    with undone(files, root) as journal, root.at(("a",)) as a:
        journal.perform([Rename(a, "one", root, "moved")])
        (app / "moved").rename(app / "mine")
        (app / "moved").write_text("foreign")

    assert (app / "moved").read_text() == "foreign"
    assert (app / "mine").read_text() == "a/one"


def test_a_journal_without_its_directory_is_kept_aside(root: Root, app: Path, files: Files) -> None:
    """It never stops the start."""

    def work() -> None:
        with Root.open(str(app)) as root, Journal(files, root) as journal:
            journal.perform([TakeAway(root, "link")])
            os.kill(os.getpid(), signal.SIGKILL)

    killed(work)
    app.rename(app.with_name("away"))
    files.recover()
    (name,) = journals(files)

    assert name.endswith(".unsettled")


def test_a_step_that_fails_is_told_by_number(root: Root, app: Path, files: Files) -> None:
    """Which of a batch it was."""
    before = tree(app)
    with root.at(("a",)) as a, root.at(("b",)) as b:
        journal = Journal(files, root)
        with pytest.raises(FileExistsError), journal:
            journal.perform([TakeAway(a, "one"), Rename(a, "two", b, "three")])

    assert journal.at == 1
    assert tree(app) == before


def test_replacing_a_folder_is_refused(root: Root, app: Path, files: Files) -> None:
    """Only files and symlinks are ever replaced."""
    before = tree(app)
    with root.at(("a",)) as a, pytest.raises(FileExistsError), Journal(files, root) as journal:
        journal.perform([Replace(a, "one", root, "b")])

    assert tree(app) == before


def test_without_hard_links_the_old_file_goes_aside(
    root: Root, app: Path, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On file systems that have none, and of files that belong to somebody else."""

    def refused(*_: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(Folder, "hard_link", refused)
    before = tree(app)
    with root.at(("a",)) as a, root.at(("b",)) as b:
        with undone(files, root) as journal:
            journal.perform([Replace(a, "one", b, "three")])
        assert tree(app) == before
        with Journal(files, root) as journal:
            journal.perform([Replace(a, "one", b, "three")])

    assert (app / "b" / "three").read_text() == "a/one"
    assert not list(app.rglob(".octyne-*"))


def test_made_things_go_when_undone(root: Root, app: Path, files: Files) -> None:
    """Whether they were there when it was told, or had a hidden name to come."""
    before = tree(app)
    with undone(files, root) as journal:
        journal.made(root, ".octyne-new-1")
        root.make_folder(".octyne-new-1")
        journal.perform([Rename(root, ".octyne-new-1", root, "fresh")])
        (app / "other").mkdir()
        journal.made(root, "other")
        (app / "other" / "inside").touch()

    assert tree(app) == before
    with pytest.raises(FileNotFoundError), Journal(files, root) as journal:
        journal.made(root, "missing")


def test_finishing_can_come_later(root: Root, app: Path, files: Files) -> None:
    """Outside the turn; until then the hidden thing is hidden."""
    journal = Journal(files, root, finish_later=True)
    with journal:
        journal.perform([TakeAway(root, "b")])
    (hidden,) = [name for name in os.listdir(app) if name.startswith(".octyne")]

    assert files.leftovers.is_hidden(hidden)
    journal.finish()
    assert hidden not in os.listdir(app)
    assert not files.leftovers.is_hidden(hidden)


def test_journals_are_private(root: Root, files: Files) -> None:
    """They tell names of files."""
    with Journal(files, root) as journal:
        journal.perform([TakeAway(root, "link")])
        mode = os.stat(journal._path).st_mode

        assert stat.S_IMODE(mode) == 0o600


def test_thousands_of_steps_are_quick(root: Root, app: Path, files: Files) -> None:
    """One sync for all of them."""
    names: Sequence[str] = [f"f{number}" for number in range(3000)]
    for name in names:
        (app / name).touch()
    with root.at(("a",)) as a, Journal(files, root) as journal:
        journal.perform([Rename(root, name, a, name) for name in names])

    assert len(os.listdir(app / "a")) == 3002


@pytest.mark.parametrize("order", ["0", "f"])
def test_a_start_does_not_wait_for_long_removals(
    root: Root, app: Path, files: Files, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    """Names are put back, or are gone, at once; what is hidden is removed beside.

    In whatever order the journals' names come: what is undone has to come first.
    """
    names = iter([order * 16, None, "8" * 16])
    real = secrets.token_hex
    monkeypatch.setattr(
        "octyne.files.journal.secrets.token_hex",
        lambda size: next(names, None) or real(size),
    )
    with Journal(files, root, finish_later=True) as gone, root.at(("b",)) as folder:
        gone.perform([TakeAway(folder, "deep")])
    before = tree(app)
    killed = Journal(files, root)
    name = killed.hidden_name("copy")
    with root.at(("b",)) as folder:
        killed.made(folder, name)
        folder.make_folder(name)
        os.mkdir(f"{app}/b/{name}/inner")
        killed.perform([Rename(root, "b", root, "c")])
    monkeypatch.setattr(service, "START_S", -1)
    following = Files(files.directory)
    following.recover()

    assert journals(following) == []
    assert before.items() <= tree(app).items()
    assert (app / "b" / name / "inner").exists()
    assert following.leftovers.is_hidden(name)
    following.leftovers.sweep_rest(following.stopping)
    assert tree(app) == {path: what for path, what in before.items() if ".octyne" not in path}
    assert os.listdir(f"{files.directory}/hidden") == []
    assert following.leftovers.names == set()
