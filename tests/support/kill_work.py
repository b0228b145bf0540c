"""Work on an app's files that goes on until the daemon is killed, and what must be there then.

Each kind works in a directory of its own, request after request; when the connection breaks the
state must be the one after the last answer, or the one after the request that got none.
"""

import hashlib
import http.client
import io
import json
import shutil
import tarfile
import threading
import zipfile
from abc import ABC, abstractmethod
from pathlib import Path
from urllib.parse import quote

from support import packing
from support.daemon import Answer, Daemon

BOUNDARY = "b0undary"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
TUS = {"Tus_Resumable": "1.0.0"}
PIECE = 64 << 10  # bytes of one PATCH
TREE_FILES = 60
LOST = (OSError, http.client.HTTPException)

Tree = dict[str, str]


def blob(seed: object, size: int) -> bytes:
    """Bytes that only this seed gives, in no time."""
    return hashlib.shake_128(repr(seed).encode()).digest(4096) * (size // 4096 + 1)


def digests(directory: Path) -> Tree:
    """All that is in a directory: of files a checksum of what they hold."""
    return {
        str(path.relative_to(directory)): "/"
        if path.is_dir()
        else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.rglob("*")
    }


def make_tree(directory: Path, seed: object, files: int = TREE_FILES) -> None:
    """Files of different sizes, in folders."""
    for number in range(files):
        path = directory / f"d{number % 7}" / f"e{number % 3}" / f"f{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(blob((seed, number), number * 500))


class Work(ABC):
    """One kind: a thread that sends requests, and the check after the next start.

    Attributes:
        done: changes that happened, of all that were sent.
        undone: those that a kill undid.
    """

    def __init__(self, daemon: Daemon, home: Path) -> None:
        self.daemon = daemon
        self.home = home
        self.app = home.name
        self.done = self.undone = 0
        self.said = 0  # answers of this run
        self._thread: threading.Thread | None = None
        self.refused: list[Answer] = []
        self.prepare()

    def start(self) -> None:
        """Begin to send."""
        self.said = 0
        self.before()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def settle(self) -> None:
        """After the kill and the next start: compare, and count."""
        assert self._thread is not None
        self._thread.join()
        assert not self.refused, (self.app, self.refused)
        happened = self.check()
        assert happened in (self.said, self.said + 1), (self.app, happened, self.said)
        self.done += happened
        self.undone += happened == self.said

    def _run(self) -> None:
        try:
            while not self.refused:
                self.step(self.said)
                self.said += 1
        except LOST:
            pass  # the daemon was killed

    def ask(self, method: str, route: str, body: bytes | str = b"", **headers: str) -> Answer:
        """A request about this app; remembers what isn't a success."""
        answer = self.daemon.ask(method, f"/server/{self.app}/{route}", body, **headers)
        if answer.status >= 300:
            self.refused.append(answer)
        return answer

    def prepare(self) -> None:  # noqa: B027  # most need it, some do not
        """Once, before all."""

    def before(self) -> None:  # noqa: B027  # as above
        """Before each run."""

    @abstractmethod
    def step(self, number: int) -> None:
        """One change."""

    @abstractmethod
    def check(self) -> int:
        """How many changes happened; fails when something is neither old nor new."""


class Sending(Work):
    """Uploads over one file that is there already."""

    size = 1_500_000

    def prepare(self) -> None:
        self.run = 0
        self.before()

    def before(self) -> None:
        self.run += 1
        (self.home / "a.bin").write_bytes(self.content(-1))

    def content(self, number: int) -> bytes:
        return blob((self.app, self.run, number), self.size)

    def check(self) -> int:
        found = (self.home / "a.bin").read_bytes()
        assert [path.name for path in self.home.iterdir()] == ["a.bin"]
        for number in (self.said, self.said - 1):
            if found == self.content(number):
                return number + 1
        raise AssertionError(f"{self.app}: neither old nor new")


class Put(Sending):
    def step(self, number: int) -> None:
        self.ask("PUT", "file?path=a.bin", self.content(number))


class Form(Sending):
    def step(self, number: int) -> None:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="upload"; filename="a.bin"'
        body = f"{head}\r\n\r\n".encode() + self.content(number) + f"\r\n--{BOUNDARY}--".encode()
        self.ask("POST", "file?path=/", body, Content_Type=FORM)


class Tus(Sending):
    """Uploads in pieces; after the kill the one that was under way goes on."""

    size = 400_000

    def before(self) -> None:
        super().before()
        self.path, self.offset = "", 0

    def step(self, number: int) -> None:
        metadata = "filename YS5iaW4="
        length = len(self.content(number))
        fixed = {"Upload_Length": str(length), "Upload_Metadata": metadata}
        self.path, self.offset = "", 0
        self.path = str(self.ask("POST", "uploads", **TUS, **fixed).headers["Location"])
        self.path = self.path.removeprefix(f"{self.app}/")
        self.send(number)

    def send(self, number: int) -> None:
        content = self.content(number)
        while self.offset < len(content):
            piece = content[self.offset : self.offset + PIECE]
            answer = self.ask("PATCH", self.path, piece, **TUS, Upload_Offset=str(self.offset))
            if self.refused:
                return
            self.offset = int(answer.headers["Upload-Offset"])

    def check(self) -> int:
        found = (self.home / "a.bin").read_bytes()
        assert found in (self.content(self.said - 1), self.content(self.said))
        happened = self.said + (found == self.content(self.said))
        if self.path:
            head = self.ask("HEAD", self.path, **TUS)
            assert int(head.headers["Upload-Offset"]) >= self.offset
            self.offset = int(head.headers["Upload-Offset"])
            self.send(self.said)
            assert not self.refused, self.refused
            assert (self.home / "a.bin").read_bytes() == self.content(self.said)
        return happened


class Batch(Work):
    """Moves, copies, removals there and back, of files and of folders."""

    count = 15

    def prepare(self) -> None:
        for name in ("a", "b", "c", "d"):
            (self.home / name).mkdir()
        for number in range(self.count):
            (self.home / f"a/{number}").write_bytes(blob(number, 3000))
            (self.home / f"d/{number}").write_bytes(blob(number, 3000))
        make_tree(self.home / "tree", 1, 20)
        make_tree(self.home / "tree2", 1, 20)

    def before(self) -> None:
        self.states = [digests(self.home)]
        self.is_forth = (self.home / "a/0").exists()
        forth = dict(self.states[0])
        self.states.append(self.turned(forth))

    def turned(self, state: Tree) -> Tree:
        """The other one of the two states."""
        names = {"a": "b", "b": "a", "c": "d", "d": "c", "tree": "tree3", "tree3": "tree"}
        found = {}
        for path, content in state.items():
            top, slash, rest = path.partition("/")
            found[f"{names.get(top, top) if slash or 'tree' in top else top}{slash}{rest}"] = (
                content
            )
        return found

    def step(self, number: int) -> None:
        is_forth = self.is_forth == (number % 2 == 0)
        source, target, old, new = ("a", "b", "d", "c") if is_forth else ("b", "a", "c", "d")
        trees = ("tree", "tree3") if is_forth else ("tree3", "tree")
        operations: list[dict[str, str]] = []
        for index in range(self.count):
            operations += [
                {"operation": "mv", "src": f"{source}/{index}", "dest": f"{target}/{index}"},
                {"operation": "cp", "src": f"{target}/{index}", "dest": f"{new}/{index}"},
                {"operation": "rm", "path": f"{old}/{index}"},
            ]
        operations += [
            {"operation": "cp", "src": trees[0], "dest": trees[1]},
            {"operation": "mv", "src": "tree2", "dest": f"{trees[1]}/in"},
            {"operation": "rm", "path": trees[0]},
            {"operation": "mv", "src": f"{trees[1]}/in", "dest": "tree2"},
        ]
        self.ask("PATCH", "files", json.dumps({"operations": operations}))

    def check(self) -> int:
        found = digests(self.home)
        for number in (self.said, self.said + 1):
            if found == self.states[number % 2]:
                return number
        other = self.states[self.said % 2]
        raise AssertionError(f"half a batch: {sorted(found.items() ^ other.items())[:20]}")


class Delete(Work):
    """Whole trees, one after another."""

    def prepare(self) -> None:
        make_tree(self.home / "model", 2)
        self.model = digests(self.home / "model")

    def before(self) -> None:
        for number in range(30):
            if not (self.home / f"t{number}").exists():
                shutil.copytree(self.home / "model", self.home / f"t{number}")

    def step(self, number: int) -> None:
        if number == 30:
            raise ConnectionError("there are no more")
        self.ask("DELETE", f"file?path=t{number}")

    def check(self) -> int:
        left = [number for number in range(30) if (self.home / f"t{number}").exists()]
        for number in left:
            assert digests(self.home / f"t{number}") == self.model, number
        happened = 30 - len(left)
        assert left == list(range(happened, 30))
        return happened


class Making(Work):
    """Things with new names, one after another: `NAME0`, `NAME1`..."""

    def prepare(self) -> None:
        make_tree(self.home / "model", 3)
        self.model = digests(self.home / "model")

    def before(self) -> None:
        for path in self.made():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def made(self) -> list[Path]:
        return sorted(self.home.glob("new*"), key=lambda path: int(path.name[3:].split(".")[0]))

    def check(self) -> int:
        made = self.made()
        assert len({path.name for path in self.home.iterdir()}) == len(made) + 1 + self.extra
        for path in made[-2:]:  # those before were there for long
            self.check_one(path)
        return len(made)

    extra = 0  # other things in the directory

    def check_one(self, path: Path) -> None:
        assert digests(path) == self.model


class Copy(Making):
    def step(self, number: int) -> None:
        wish = {"operation": "cp", "src": "model", "dest": f"new{number}"}
        self.ask("PATCH", "file", json.dumps(wish))


class Zip(Making):
    query = "archiveType=zip"
    ending = "zip"

    def step(self, number: int) -> None:
        route = f"compress?path=new{number}.{self.ending}&{self.query}"
        self.ask("POST", route, '["model"]')

    def check_one(self, path: Path) -> None:
        with zipfile.ZipFile(path) as made:
            assert made.testzip() is None
            assert len(made.infolist()) == len(self.model) + 1


class TarZstd(Zip):
    query = "archiveType=tar&compress=zstd"
    ending = "tar.zst"

    def check_one(self, path: Path) -> None:
        names = packing.tar_names(path)
        assert len(names) == len(self.model) + 1


class Unpack(Making):
    extra = 1

    def prepare(self) -> None:
        super().prepare()
        (self.home / "a.tar").write_bytes(tar_of(self.home / "model"))

    def step(self, number: int) -> None:
        self.ask("POST", f"decompress?path={quote('a.tar')}", f"new{number}")


class Merge(Work):
    """Two archives in turn over one folder: most files replace others, some are new."""

    def prepare(self) -> None:
        self.archives: list[Tree] = []
        for number in (0, 1):
            model = self.home.parent / f"{self.app}-model"
            make_tree(model, ("merge", number), 40)
            make_tree(model / f"only{number}", number, 20)
            (self.home / f"{number}.tar").write_bytes(tar_of(model))
            self.archives.append(digests(model))
            shutil.rmtree(model)

    def before(self) -> None:
        shutil.rmtree(self.home / "to", ignore_errors=True)
        make_tree(self.home / "to", "old", 45)
        self.old = digests(self.home / "to")

    def step(self, number: int) -> None:
        self.ask("POST", f"decompress?path={number % 2}.tar", "to")

    def state(self, happened: int) -> Tree:
        state = dict(self.old)
        for number in range(max(0, happened - 2), happened):
            state |= self.archives[number % 2]
        return state

    def check(self) -> int:
        found = digests(self.home / "to")
        for happened in (self.said, self.said + 1):
            if found == self.state(happened):
                return happened
        other = sorted(found.items() ^ self.state(self.said).items())
        raise AssertionError(f"half a merge: {other[:10]}")


def tar_of(directory: Path) -> bytes:
    """What is in a directory, as a tar."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for path in sorted(directory.iterdir()):
            tar.add(path, path.name)
    return made.getvalue()
