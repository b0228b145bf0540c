"""Links that lead out, anywhere in a path, against each operation: nothing is out there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.file_operations import ALL, Attack, Paths
from support.outside import ANSWER_S, CANARY, Http, Reply, World, masked

# How a link can say where it leads: from the app's directory, the outside, and a path in it.
TARGETS: dict[str, Callable[[Path, Path, str], str]] = {
    "absolute": lambda home, out, rest: f"{out}/{rest}",
    "relative": lambda home, out, rest: f"../{out.name}/{rest}",
    "untidy": lambda home, out, rest: f".././/{out.name}/./{rest}",
    "through a folder": lambda home, out, rest: f"keep/../../{out.name}/{rest}",
    "through a link": lambda home, out, rest: f"hop/{out.name}/{rest}",
    "through the app": lambda home, out, rest: f"{home}/../{out.name}/{rest}",
    "by a link's link": lambda home, out, rest: f"{home}/hop/{out.name}/{rest}",
    "root of a process": lambda home, out, rest: f"/proc/self/root{out}/{rest}",
    "cwd of a process": lambda home, out, rest: f"/proc/self/cwd/../{out.name}/{rest}",
    "cwd of process 1": lambda home, out, rest: f"/proc/1/root{out}/{rest}",
}
LAST = Paths("file", "folder", "absent")
ANCESTOR = Paths("folder/inner.txt", "folder/sub", "folder/absent")
DEEP = Paths("folder/sub/deep.txt", "folder/sub/", "folder/sub/x/y")
QUICK = {
    name: attack
    for name, attack in ALL.items()
    if name in ("list", "get", "form", "put", "tus", "mkdir", "delete file", "chmod file")
    or name in ("cp folder from", "mv to new", "batch of cp into", "zip base", "unpack to")
}


def build(world: World, kind: str, outside: Path) -> None:
    """The app's directory, with links of that kind."""
    world.reset()
    (world.home / "hop").symlink_to("..")
    for name, rest in {
        "file": "secret.txt",
        "folder": "folder",
        "absent": "absent",
        "file.zip": "a.zip",
    }.items():
        (world.home / name).symlink_to(TARGETS[kind](world.home, outside, rest))


def attempt(world: World, http: Http, attack: Attack, paths: Paths) -> list[Reply]:
    """Do it; nothing comes of it outside, and nothing of the outside here."""
    http.slowest_s = 0.0
    replies = attack(http, paths)

    world.check()
    assert http.slowest_s < ANSWER_S / 2
    for reply in replies:
        assert reply.status < 500 or b'"reason":"The member' in reply.body, reply
        assert CANARY.encode() not in reply.body
        assert str(world.base / "daemon").encode() not in reply.body
    return replies


@pytest.mark.parametrize("paths", [LAST, ANCESTOR, DEEP], ids=["last", "ancestor", "deep"])
@pytest.mark.parametrize("kind", TARGETS)
def test_links_that_lead_out(world: World, http: Http, kind: str, paths: Paths) -> None:
    """Every operation: the same answers as when nothing is there where they lead."""
    nowhere = world.base / "nowhere"
    attacks = ALL if kind in ("absolute", "relative", "root of a process") else QUICK
    for name, attack in attacks.items():
        build(world, kind, world.outside)
        there = attempt(world, http, attack, paths)
        build(world, kind, nowhere)
        dangling = attempt(world, http, attack, paths)

        assert list(map(masked, there)) == list(map(masked, dangling)), name


@pytest.mark.parametrize("kind", ["absolute", "relative"])
def test_nothing_beneath_a_link_succeeds(world: World, http: Http, kind: str) -> None:
    """Whatever names something behind it is refused as such: 400, a path that leads out."""
    build(world, kind, world.outside)
    for name, attack in ALL.items():
        if name in ("a tree of them", "unpack to", "unpack from", "merge", "zip of", "tar of"):
            continue  # of several steps, of which some succeed
        for reply in attack(http, ANCESTOR):
            if reply.status in (200, 206):
                assert name.split()[0] in ("list", "extrainfo", "usage", "search", "download")
                continue
            assert reply.status in (400, 404), (name, reply)
            if reply.body and reply.status == 400:
                assert "it leads out of the app's directory" in reply.text, (name, reply)


def test_other_files_of_the_process(world: World, http: Http) -> None:
    """Its environment, its descriptors, its memory, its directory: none can be asked for."""
    own = ["environ", "maps", "mem", "cmdline", "status", "exe", "fd/1", "fd/2", "cwd/users.json"]
    for name, attack in ALL.items():
        answers = []
        for target in ("/proc/self", "/proc/self/none"):
            for folder in ("fd", "cwd"):
                world.reset()
                (world.home / "folder").symlink_to(f"{target}/{folder}")
                (world.home / "file").symlink_to(f"{target}/{folder}/1")
                found = attempt(world, http, attack, Paths("file", "folder", "folder/1"))
                answers.append([reply.status for reply in found])

        assert answers[:2] == answers[2:], name
    world.reset()
    for number, target in enumerate(own):
        (world.home / str(number)).symlink_to(f"/proc/self/{target}")
        reply = http("GET", f"/server/app/file?path={number}")
        assert (reply.status, reply.text) == (
            400,
            '{"error":"Invalid file path: it leads out of the app\'s directory."}',
        )


def test_a_neighbour_whose_path_begins_alike(world: World, http: Http) -> None:
    """``/app-other`` isn't beneath ``/app``."""
    for attack in ALL.values():
        world.reset()
        (world.home / "file").symlink_to(f"{world.home}-other/secret.txt")
        (world.home / "folder").symlink_to(f"{world.home}-other/folder")
        attempt(world, http, attack, Paths("file", "folder", "folder/new"))


def test_paths_that_go_up(world: World, http: Http) -> None:
    """Without any link: by the text of a path alone."""
    for top, attacks in (("..", ALL), ("keep/../..", QUICK), ("./../app/..", QUICK)):
        for name, attack in attacks.items():
            answers = []
            for tree in ("outside", "nowhere"):
                world.reset()
                start = f"{top}/{tree}"
                paths = Paths(f"{start}/secret.txt", f"{start}/folder", f"{start}/new")
                answers.append(list(map(masked, attempt(world, http, attack, paths))))

            assert answers[0] == answers[1], name
