"""Archives built beside the files: what is in them, what is refused, and what is left."""

import os
import socket
import subprocess
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from octyne.aio import Workers
from octyne.archives import pack
from octyne.archives.progress import CancelledError, Progress
from octyne.errors import DaemonError, InvalidError
from octyne.system.paths.folder import Root
from support import needs
from support.packing import TIME, Yard, contents

KINDS = [
    ("a.zip", "true"),
    ("a.zip", "false"),
    ("a.tar", "false"),
    ("a.tar.gz", "gzip"),
    ("a.tar.gz", "true"),
    ("a.tar.xz", "xz"),
]
NASTY = ["a b", "q\"uo'te", "new\nline", "ümläut-字-🚀", "back\\slash", "-rf", "x" * 255]

both = pytest.mark.parametrize("archive", ["a.zip", "a.tar"])
every_kind = pytest.mark.parametrize(("archive", "compress"), KINDS)


@every_kind
def test_a_tree_comes_back(yard: Yard, archive: str, compress: str) -> None:
    """Files of all sizes, empty folders, symlinks as symlinks."""
    large = os.urandom(1 << 20) + b"text " * 500_000
    yard.put("tree/large", large)
    yard.put("tree/deep/er/small", b"s" * 100)
    yard.put("tree/empty", b"")
    (yard.directory / "tree/folder").mkdir()
    (yard.directory / "tree/link").symlink_to("deep/er")
    (yard.directory / "tree/dead").symlink_to("/etc/passwd")

    found = contents(yard.pack(archive, ["tree"], compress=compress))

    assert found == {
        "tree": None,
        "tree/large": large,
        "tree/deep": None,
        "tree/deep/er": None,
        "tree/deep/er/small": b"s" * 100,
        "tree/empty": b"",
        "tree/folder": None,
        "tree/link": "deep/er",
        "tree/dead": "/etc/passwd",
    }
    assert yard.is_clean()


def test_zstd_comes_back(yard: Yard, tmp_path: Path) -> None:
    """Read by the zstd program itself."""
    content = os.urandom(3 << 20)
    yard.put("tree/file", content)
    packed = yard.pack("a.tar.zst", ["tree"], compress="zstd")
    plain = tmp_path / "plain.tar"
    subprocess.run([needs.program("zstd"), "-dq", packed, "-o", plain], check=True)

    assert contents(plain) == {"tree": None, "tree/file": content}


@both
def test_modes_and_times_are_kept(yard: Yard, archive: str) -> None:
    """Of files and folders."""
    yard.put("tree/script", mode=0o751)
    (yard.directory / "tree").chmod(0o700)
    os.utime(yard.directory / "tree", (TIME, TIME))
    packed = yard.pack(archive, ["tree"])

    if archive.endswith(".zip"):
        with zipfile.ZipFile(packed) as found:
            modes = {each.filename: each.external_attr >> 16 & 0o7777 for each in found.infolist()}
            extra = found.getinfo("tree/script").extra
        assert modes == {"tree/": 0o700, "tree/script": 0o751}
        assert int.from_bytes(extra[5:9], "little") == TIME
    else:
        with tarfile.open(packed) as tar:
            kept = {each.name: (each.mode, each.mtime) for each in tar}
        assert kept == {"tree": (0o700, TIME), "tree/script": (0o751, TIME)}


@both
@pytest.mark.parametrize("name", NASTY, ids=ascii)
def test_names_are_kept(yard: Yard, archive: str, name: str) -> None:
    """Whatever a file system can hold."""
    yard.put(name)

    assert contents(yard.pack(archive, [name])) == {name: b"content"}


@both
def test_names_that_are_no_utf8_are_kept(yard: Yard, archive: str) -> None:
    """As the bytes that they are."""
    (yard.directory / "tree").mkdir()
    with open(os.fsencode(yard.directory) + b"/tree/a\xffb", "wb") as file:
        file.write(b"x")
    packed = yard.pack(archive, ["tree"], compress="false")

    assert b"tree/a\xffb" in packed.read_bytes()


def test_the_mode_of_an_archive(yard: Yard) -> None:
    """Everybody may read it, as other files of an app."""
    yard.put("f")

    assert yard.pack("a.zip", ["f"]).stat().st_mode & 0o7777 == 0o644


@both
def test_nothing_can_be_packed(yard: Yard, archive: str) -> None:
    """An empty list makes an empty archive."""
    assert contents(yard.pack(archive, [])) == {}


@both
@pytest.mark.parametrize("name", ["", "/", "."])
def test_the_base_itself(yard: Yard, archive: str, name: str) -> None:
    """All that is in it, and not the archive that is being made."""
    yard.put("f")
    yard.put("g/h")

    assert contents(yard.pack(archive, [name])) == {"f": b"content", "g": None, "g/h": b"content"}


@both
def test_names_are_relative_to_the_base(yard: Yard, archive: str) -> None:
    """A leading slash is tolerated and not stored; what is named twice is stored once."""
    yard.put("base/in/f")
    names = ["/in/f", "in/f", "in", "in//f", "./in"]

    found = contents(yard.pack(archive, names, base="/base"))

    assert found == {"in": None, "in/f": b"content"}


@both
def test_what_can_not_be_packed_is_left_out(yard: Yard, archive: str) -> None:
    """FIFOs and sockets in a folder; nothing waits for them."""
    yard.put("tree/f")
    os.mkfifo(yard.directory / "tree/fifo")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(yard.directory / "tree/socket"))

    assert contents(yard.pack(archive, ["tree"])) == {"tree": None, "tree/f": b"content"}


@both
def test_our_own_hidden_files_are_left_out(yard: Yard, archive: str) -> None:
    """An upload that is under way, say."""
    yard.put("f")
    with (
        Root.open(str(yard.directory)) as root,
        yard.files.leftovers.hidden(root, root, "upload") as hidden,
    ):
        yard.put(hidden)

        assert contents(yard.pack(archive, [""])) == {"f": b"content"}


@both
def test_a_link_that_leads_out_is_not_followed(yard: Yard, tmp_path: Path, archive: str) -> None:
    """Neither as a member, nor on the way to one."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/file").write_text("secret")
    (yard.directory / "out").symlink_to(tmp_path / "secret")

    assert contents(yard.pack(archive, ["out"])) == {"out": str(tmp_path / "secret")}
    with pytest.raises(InvalidError, match="Invalid file path out/file: it leads out of"):
        yard.pack(f"b{archive}", ["out/file"])


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({"kind": "rar"}, "Invalid archive type!"),
        ({"compress": "brotli"}, "Invalid compression type!"),
        ({"path": "taken"}, "A file/folder already exists at the path of requested archive!"),
        ({"path": "dead"}, "A file/folder already exists at the path of requested archive!"),
        ({"path": "/"}, "A file/folder already exists at the path of requested archive!"),
        ({"path": "no/a.zip"}, "The folder of the requested archive does not exist!"),
        ({"path": "taken/a.zip"}, "The folder of the requested archive does not exist!"),
        ({"path": "../a.zip"}, "Invalid archive path: it leads out of the app's directory."),
        ({"path": "a\0.zip"}, "Invalid archive path: it holds a NUL byte."),
        ({"base": "../x"}, "Invalid base path: it leads out of the app's directory."),
        ({"base": "no"}, "The base folder does not exist!"),
        ({"names": ["taken", "no/where"]}, "The file no/where does not exist!"),
        ({"names": ["taken/x"]}, "The file taken/x does not exist!"),
        ({"names": ["../x"]}, "Invalid file path ../x: it leads out of the app's directory."),
        ({"names": ["fifo"]}, "Invalid file path fifo: it is neither a file nor a folder."),
        ({"names": ["a\0b"]}, "Invalid file path a\0b: it holds a NUL byte."),
    ],
    ids=str,
)
def test_what_is_refused(yard: Yard, request_: dict[str, object], text: str) -> None:
    """In the contract's words, before anything is made."""
    yard.put("taken")
    (yard.directory / "dead").symlink_to("nowhere")
    os.mkfifo(yard.directory / "fifo")
    wanted: dict[str, object] = {"kind": "zip", "compress": "", "path": "a.zip", "base": ""}
    wanted = {**wanted, "names": ["taken"], **request_}
    kind, compress = str(wanted.pop("kind")), str(wanted.pop("compress"))

    with pytest.raises(InvalidError) as refused, Root.open(str(yard.directory)) as root:
        pack.prepare(root, pack.parse_request(kind, compress, **wanted))  # type: ignore[arg-type]

    assert str(refused.value) == text
    assert yard.is_clean()


def test_defaults() -> None:
    """A deflated zip, or a gzipped tar."""
    wanted = [
        pack.parse_request(kind, compress, path="", base="", names=[])
        for kind, compress in [("", ""), ("tar", ""), ("tar", "true"), ("zip", "false")]
    ]

    made = [(each.kind, each.compression) for each in wanted]
    assert made == [("zip", "deflate"), ("tar", "gzip"), ("tar", "gzip"), ("zip", "none")]


@both
def test_a_cancelled_job_leaves_nothing(yard: Yard, archive: str) -> None:
    """Neither archive nor temp file."""
    for number in range(10):
        yard.put(f"tree/{number}", os.urandom(100_000))
    progress = Progress()
    progress.cancel()

    with pytest.raises(CancelledError):
        yard.pack(archive, ["tree"], progress=progress)
    assert sorted(os.listdir(yard.directory)) == ["tree"]
    assert yard.is_clean()


async def test_it_is_placed_in_turn(yard: Yard) -> None:
    """Not in the midst of another change."""
    yard.put("f")
    request = pack.parse_request("zip", "", path="a.zip", base="", names=["f"])
    workers = Workers("test", 1)
    await pack.pack(yard.files, str(yard.directory), request, "ann", Progress(), workers)
    workers.close()
    yard.files.close()

    assert contents(yard.directory / "a.zip") == {"f": b"content"}
    assert yard.is_clean()


def test_something_that_comes_to_its_place_stays(yard: Yard) -> None:
    """The archive goes, not what came."""
    yard.put("f")
    request = pack.parse_request("zip", "", path="a.zip", base="", names=["f"])

    built = pack.build(yard.files, str(yard.directory), request, Progress())
    yard.put("a.zip", b"theirs")

    with pytest.raises(InvalidError, match="already exists at the path of requested archive"):
        built.put()
    built.close()
    assert (yard.directory / "a.zip").read_bytes() == b"theirs"
    assert yard.is_clean()


def test_progress_is_told(yard: Yard) -> None:
    """In bytes and entries."""
    yard.put("tree/small")
    yard.put("tree/large", bytes(3 << 20))
    progress = Progress()
    yard.pack("a.zip", ["tree"], progress=progress)

    assert (progress.bytes_done, progress.entries_done) == (7 + (3 << 20), 3)


@both
def test_files_may_change_meanwhile(yard: Yard, archive: str) -> None:
    """They grow, shrink, vanish and become links: the archive stays whole, and inside."""
    for number in range(40):
        yard.put(f"tree/{number}", os.urandom(1_500_000 if number % 8 == 0 else 50_000))
    over = threading.Event()

    def meddle() -> None:
        while not over.is_set():
            for number in range(40):
                path = yard.directory / f"tree/{number}"
                os.truncate(path, 10) if path.exists() and not path.is_symlink() else None
                path.unlink(missing_ok=True)
                path.symlink_to("/etc/passwd")
                path.unlink()
                path.write_bytes(b"grown " * 300_000)

    meddler = threading.Thread(target=meddle)
    meddler.start()
    try:
        found = [contents(yard.pack(f"{number}{archive}", ["tree"])) for number in range(3)]
    finally:
        over.set()
        meddler.join()

    passwords = Path("/etc/passwd").read_bytes()
    assert all(passwords not in each.values() for each in found)


def test_a_closed_file_is_named(yard: Yard) -> None:
    """Whoever may not read it learns which it is."""
    if os.geteuid() == 0:
        pytest.skip("can't run here: root may read everything")
    yard.put("tree/closed", mode=0)

    with pytest.raises(DaemonError, match="tree/closed"):
        yard.pack("a.zip", ["tree"])
    assert yard.is_clean()
