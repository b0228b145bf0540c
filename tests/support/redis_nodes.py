"""A primary and a secondary on one Redis, and what they publish there."""

from pathlib import Path

from octyne.accounts.authenticator import Authenticator
from octyne.accounts.credentials import Credentials
from octyne.accounts.redis_store.accounts import PublishedAccounts, RedisAccounts
from octyne.accounts.redis_store.link import RedisLink
from octyne.accounts.redis_store.sessions import RedisSessions
from octyne.accounts.rights import Identity
from octyne.accounts.users_file import UsersFile
from octyne.events import Events
from support.accounts import CHEAP, HOME, FakeClock, Site, hashed
from support.redis_server import RedisServer


class Nodes:
    """A primary and a secondary."""

    def __init__(self, server: RedisServer, directory: Path) -> None:
        self.server = server
        self.site = Site(directory, users={"alice": hashed("alice"), "bob": hashed("bob")})
        self.clock = FakeClock()  # turned in each round
        self.ended: list[frozenset[str]] = []
        self.seen: list[frozenset[str]] = []
        self.primary = self.build_primary()
        link = RedisLink(server.url, clock=self.clock)
        self.secondary = Authenticator(
            RedisAccounts(link), RedisSessions(link, clock=self.clock), Events()
        )
        self.secondary.on_ended(self.seen.append)

    def build_primary(self) -> Authenticator:
        """Like after a restart."""
        link = RedisLink(self.server.url, clock=self.clock)
        primary = Authenticator(
            PublishedAccounts(UsersFile(str(self.site.path)), link, clock=self.clock),
            RedisSessions(link, clock=self.clock),
            Events(),
            credentials=Credentials(argon2=CHEAP),
            clock=self.clock,
        )
        primary.on_ended(self.ended.append)
        return primary

    async def login(self, name: str = "alice") -> tuple[str, Identity]:
        """A session that both nodes have seen."""
        token = await self.primary.login(name, name, HOME)
        identity = await self.primary.identify(token)
        assert identity is not None
        assert await self.secondary.identify(token) == identity
        return token, identity

    async def round(self) -> None:
        """What both do every now and then."""
        self.clock.move(61)
        await self.primary.refresh()
        await self.secondary.refresh()


def published(server: RedisServer) -> dict[str, str]:
    """The accounts in Redis."""
    return {
        key.removeprefix("octyne-user:"): value
        for key, value in server.everything().items()
        if key.startswith("octyne-user:")
    }
