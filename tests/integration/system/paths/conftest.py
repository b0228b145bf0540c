"""An app's directory with every kind of thing in it, beside what must stay out of reach."""

import os
import socket
from pathlib import Path

import pytest

from octyne.system.paths import resolve, syscalls


@pytest.fixture(params=["kernel", "walk"])
def resolver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to resolve, one after the other."""
    way: str = request.param
    if way == "kernel" and not syscalls.has_openat2():
        pytest.skip("can't run here: the kernel has no openat2")
    monkeypatch.setattr(resolve, "kernel_resolves", lambda: way == "kernel")
    return way


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The app's directory; ``../out`` is outside."""
    app, out = tmp_path / "app", tmp_path / "out"
    (app / "a/b").mkdir(parents=True)
    (out / "folder").mkdir(parents=True)
    (out / "secret").write_text("secret")
    (app / "a/f").write_text("inside")
    links = {
        "in": "a",
        "in-absolute": str(app / "a"),
        "file-in": "a/f",
        "dots": "a/b/../f",
        "chain": "in/b/../../file-in",
        "a/up": "../a",
        "out-relative": "../out/secret",
        "out-absolute": str(out / "secret"),
        "out-folder": "../out",
        "out-missing": "../out/nothing",
        "out-missing-absolute": str(out / "nothing"),
        "out-twice": "out-folder",
        "a/out-deep": "../../out/folder",
        "out-and-in": "../app/a/f",
        "out-and-in-absolute": f"{out}/../app/a/f",
        "dead": "nothing",
        "dead-folder": "nothing/file",
        "loop": "loop",
        "self": ".",
        "root-itself": str(app),
        "proc": "/proc/self/root/etc/passwd",
        "proc-cwd": "/proc/self/cwd",
    }
    for name, target in links.items():
        (app / name).symlink_to(target)
    os.mkfifo(app / "fifo")
    (app / "to-fifo").symlink_to("fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        before = Path.cwd()
        os.chdir(app)  # the names of sockets are short
        try:
            listener.bind("socket")
        finally:
            os.chdir(before)
    return app
