"""Sizes of real trees."""

from pathlib import Path

from octyne import wire
from octyne.files.measure import Measure


def measured(directory: Path, path: str = "") -> wire.TreeUsage:
    """What a folder measures."""
    work = Measure.open(str(directory), path, lambda _: False)
    try:
        while not work.finished:
            work.step()
    finally:
        work.close()
    return work.result()


def test_a_tree(tmp_path: Path) -> None:
    """Bytes, room on the disk, files, folders beneath."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/one").write_bytes(b"x" * 5000)
    (tmp_path / "a/b/two").write_bytes(b"x" * 10)
    (tmp_path / "a/link").symlink_to("/usr")
    usage = measured(tmp_path)

    assert (usage.size, usage.files, usage.folders, usage.cut) == (5010, 3, 2, "")
    assert usage.allocated >= 5010
    assert (measured(tmp_path, "a/b").size, measured(tmp_path, "a/b").files) == (10, 1)


def test_names_of_one_file_count_once(tmp_path: Path) -> None:
    """In bytes, as `du` has it; each name is a file all the same."""
    (tmp_path / "a").write_bytes(b"x" * 1000)
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    usage = measured(tmp_path)

    assert (usage.size, usage.files) == (1000, 2)


def test_holes_take_no_room(tmp_path: Path) -> None:
    """So the two sizes differ."""
    with (tmp_path / "a").open("wb") as file:
        file.truncate(100 << 20)
    usage = measured(tmp_path)

    assert usage.size == 100 << 20
    assert usage.allocated < 10 << 20


def test_nothing(tmp_path: Path) -> None:
    """An empty folder."""
    assert measured(tmp_path) == wire.TreeUsage(0, 0, 0, 0, 0, "")
