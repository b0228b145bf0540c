"""A daemon with one app whose directory tests fill and look at."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote, urlencode

from support.daemon import Answer, Daemon, running


def app_config(directory: Path) -> dict[str, Any]:
    """The `servers` of a config, with one app that doesn't run."""
    directory.mkdir(exist_ok=True)
    return {"app": {"directory": str(directory), "command": ["cat"], "enabled": False}}


def fill(directory: Path, **extra: str) -> None:
    """A few files and folders, and links in, out and to nowhere."""
    (directory / "docs" / "deep").mkdir(parents=True)
    (directory / "empty").mkdir()
    (directory / "a.txt").write_text("a")
    (directory / "docs" / "b.txt").write_text("b")
    (directory / "docs" / "deep" / "c.txt").write_text("c")
    (directory / "inside").symlink_to("docs")
    (directory / "dead").symlink_to("nowhere")
    (directory / "out").symlink_to(directory.parent)
    for name, text in extra.items():
        (directory / name).write_text(text)


def empty(directory: Path) -> None:
    """Remove all that is in a directory."""
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def names(directory: Path) -> list[str]:
    """What is there, hidden names too."""
    return sorted(each.name for each in directory.iterdir())


def tree(directory: Path) -> dict[str, str]:
    """All that is in a directory: names, and what they hold."""
    found = {}
    for path in sorted(directory.rglob("*")):
        name = str(path.relative_to(directory))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = path.read_text()
        else:
            found[name] = "/" if path.is_dir() else "special"
    return found


def remains(daemon: Daemon) -> list[str]:
    """Hidden files and records of what isn't over; the app's directory is "app"."""
    state = daemon.directory / ".octyne/files"
    kept = [*(state / "hidden").iterdir(), *(state / "journals").iterdir()]
    return [path.name for path in [*kept, *(daemon.directory / "app").rglob(".octyne-*")]]


class Client:
    """What clients send about the files of "app", as @local."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    def delete(self, path: str) -> Answer:
        """`DELETE file`."""
        return self._daemon.ask("DELETE", f"/server/app/file?path={quote(path)}")

    def folder(self, path: str) -> Answer:
        """`POST folder`."""
        return self._daemon.ask("POST", f"/server/app/folder?path={quote(path)}")

    def change(self, operation: str, source: str, target: str) -> Answer:
        """`PATCH file` with a move or copy."""
        return self.patch(json.dumps({"operation": operation, "src": source, "dest": target}))

    def mode(self, path: str, mode: str) -> Answer:
        """`PATCH file` with a chmod."""
        return self.patch(json.dumps({"operation": "chmod", "path": path, "mode": mode}))

    def patch(self, body: str | bytes) -> Answer:
        """`PATCH file` with that body."""
        return self._daemon.ask("PATCH", "/server/app/file", body)

    def batch(self, *operations: Any) -> Answer:
        """`PATCH files`."""
        body = json.dumps({"operations": operations})
        return self._daemon.ask("PATCH", "/server/app/files", body)


def mv(source: str, target: str) -> dict[str, str]:
    """One of a batch."""
    return {"operation": "mv", "src": source, "dest": target}


def cp(source: str, target: str) -> dict[str, str]:
    """One of a batch."""
    return {"operation": "cp", "src": source, "dest": target}


def rm(path: str) -> dict[str, str]:
    """One of a batch."""
    return {"operation": "rm", "path": path}


def said(answer: Answer) -> tuple[int, str]:
    """Status and text of an error, or status and "" of a success."""
    if answer.json == {"success": True}:
        return answer.status, ""
    assert list(answer.json) == ["error"], answer
    return answer.status, answer.json["error"]


def failed(answer: Answer) -> tuple[int, int, str]:
    """Status, index and text of a batch with one error."""
    assert answer.json["success"] is False, answer
    (error,) = answer.json["errors"]
    return answer.status, error["index"], error["message"]


class Home:
    """A daemon with one app, and the app's directory."""

    def __init__(self, daemon: Daemon, files: Path) -> None:
        self.daemon = daemon
        self.files = files
        self.token = daemon.token()

    @classmethod
    @contextmanager
    def running(cls, directory: Path) -> Iterator[Self]:
        """One that runs while the block does; the app "other" has the same files."""
        files = directory / "files"
        app = app_config(files)["app"]
        with running(directory, {"app": app, "other": app}) as daemon:
            yield cls(daemon, files)

    def folder(self, name: str) -> Path:
        """A folder in the app's directory."""
        folder = self.files / name
        folder.mkdir(exist_ok=True)
        return folder

    def ask(self, route: str, method: str = "GET", headers: Any = None, **query: str) -> Answer:
        """A request on the API port."""
        path = f"/server/app/{route}?{urlencode(query, quote_via=quote)}"
        return self.daemon.api(method, path, **{"Authorization": self.token, **(headers or {})})

    def listed(self, path: str = "", **query: str) -> dict[str, Any]:
        """Entries by name."""
        answer = self.ask("files", path=path, **query)
        assert answer.status == 200, answer
        return {entry["name"]: entry for entry in answer.json["contents"]}

    def get(self, path: str, **headers: str) -> Answer:
        """A file."""
        return self.ask("file", headers=headers, path=path)

    def actions(self, action: str) -> list[dict[str, Any]]:
        """What the action log has of one kind."""
        lines = (self.daemon.directory / "logs/octyne.log").read_text().splitlines()
        return [each for each in map(json.loads, lines) if each.get("action") == action]


def file_name(answer: Answer) -> str:
    """What a browser would call it: RFC 6266."""
    value = str(answer.headers["Content-Disposition"])
    kind, _, parameter = value.partition("; ")
    assert kind == "attachment"
    assert "\n" not in value
    if "filename*=" in parameter:
        return unquote(parameter.partition("filename*=UTF-8''")[2])
    return parameter.removeprefix("filename=")
