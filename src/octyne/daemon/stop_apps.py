"""``octyne stop-apps``: stops the apps that a daemon left running when it ended."""

import asyncio
import os

from octyne.aio import in_thread
from octyne.apps import memory
from octyne.daemon.run import APPS_DIRECTORY
from octyne.keeper.client import KeeperError, KeeperLink, is_held


async def stop_apps(state: str, *, kill: bool) -> list[str]:
    """Stop all apps whose keepers live, each in its own way; what went wrong, as sentences.

    The caller owns the state directory, so no daemon is at work.
    """
    root = os.path.join(state, APPS_DIRECTORY)
    names = await in_thread(_held_apps, root)
    problems: list[str] = []
    async with asyncio.TaskGroup() as group:
        for name in names:
            directory = os.path.join(root, memory.directory_name(name))
            group.create_task(_stop(name, directory, problems, kill=kill))
    if not names:
        print("No app is running.")  # noqa: T201
    return problems


def _held_apps(root: str) -> list[str]:
    if not os.path.isdir(root):
        return []
    names = memory.names_in(root)
    return [name for name in names if is_held(os.path.join(root, memory.directory_name(name)))]


async def _stop(name: str, directory: str, problems: list[str], *, kill: bool) -> None:
    ended = asyncio.Event()

    def ignore(*_: object) -> None:
        """Output and exits are the next daemon's to read, from disk."""

    link = KeeperLink(ignore, ignore, ended.set)
    try:
        await link.connect(directory)
        # Without details the keeper stops its app as its config said when it was started.
        await link.request("kill" if kill else "stop")
        print(f"Stopping {name}...", flush=True)  # noqa: T201
        await ended.wait()
    except KeeperError as error:
        problems.append(f"{name}: {error}")
        return
    print(f"Stopped {name}.", flush=True)  # noqa: T201
