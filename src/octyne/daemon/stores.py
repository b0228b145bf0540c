"""Where accounts and sessions are kept: on disk, or in Redis in one of two roles."""

import os

from octyne.accounts.sessions import SqliteSessions
from octyne.accounts.stores import AccountStore, SessionStore
from octyne.accounts.users_file import UsersFile
from octyne.config.model import Config

SESSIONS_FILE = "sessions.db"


class Stores:
    """Makes the stores that a config asks for.

    The accounts file is one object for the daemon's life: if it is broken at the moment of a
    change, its last good accounts go on.
    """

    def __init__(self, users: str, state: str) -> None:
        self._users = UsersFile(users)
        self._sessions = os.path.join(state, SESSIONS_FILE)

    def choose(self, config: Config) -> tuple[AccountStore, SessionStore]:
        """The stores for ``config``, not open yet.

        Raises:
            InvalidError: the address of the Redis server is wrong.
        """
        if not config.redis.enabled:
            return self._users, SqliteSessions(self._sessions)
        # Most daemons have no Redis: its client would cost them 100 ms and 10 MiB at every start.
        from octyne.accounts.redis_store.accounts import (  # noqa: PLC0415
            PublishedAccounts,
            RedisAccounts,
        )
        from octyne.accounts.redis_store.link import RedisLink  # noqa: PLC0415
        from octyne.accounts.redis_store.sessions import RedisSessions  # noqa: PLC0415

        link = RedisLink(config.redis.url)
        if config.redis.role == "secondary":
            return RedisAccounts(link), RedisSessions(link)
        return PublishedAccounts(self._users, link), RedisSessions(link)
