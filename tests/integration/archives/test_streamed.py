"""What may be downloaded as an archive, and what it is called."""

import shutil

import pytest

from octyne.archives import streamed
from octyne.archives.progress import Progress
from octyne.archives.sinks import CallSink
from octyne.errors import DaemonError, InvalidError, NotFoundError
from support.packing import Yard


@pytest.mark.parametrize(
    ("folder", "names", "name"),
    [
        ("", [], "app.zip"),
        ("/a/b", [], "b.zip"),
        ("a", ["b"], "b.zip"),
        ("a", ["b", "c"], "a.zip"),
    ],
)
def test_its_name(yard: Yard, folder: str, names: list[str], name: str) -> None:
    """The one thing in it, or the folder, or the app."""
    yard.put("a/b/x")
    yard.put("a/c")

    assert streamed.select(str(yard.directory), folder, names, "zip").name("app") == name


@pytest.mark.parametrize(
    ("folder", "names", "kind", "error", "text"),
    [
        ("no", [], "zip", NotFoundError, "This folder does not exist!"),
        ("file", [], "zip", InvalidError, "This is not a folder!"),
        ("..", [], "zip", InvalidError, "Invalid folder path: it leads out of"),
        ("", ["no"], "zip", NotFoundError, "The file no does not exist!"),
        ("", ["../x"], "zip", InvalidError, "Invalid file path ../x: it leads out of"),
        ("", [], "rar", InvalidError, "Invalid archive type!"),
    ],
)
def test_what_is_refused(
    yard: Yard, folder: str, names: list[str], kind: str, error: type[DaemonError], text: str
) -> None:
    """Before an answer begins."""
    yard.put("file")

    with pytest.raises(error, match=text):
        streamed.select(str(yard.directory), folder, names, kind)


def test_an_app_whose_directory_goes_before_it_is_sent(yard: Yard) -> None:
    """Told as what it is: no fault of ours, which the daemon's log would have."""
    yard.put("a")
    directory = str(yard.directory)
    selection = streamed.select(directory, "", [], "tar")
    shutil.rmtree(yard.directory)

    with pytest.raises(NotFoundError, match="directory"):
        streamed.send(yard.files, directory, selection, Progress(), CallSink(lambda _: None))
