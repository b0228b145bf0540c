"""What an account may do, and the one function that decides it.

Routes name the right that they need; roles (a later issue) change `allows` and nothing else.
"""

from dataclasses import dataclass
from enum import StrEnum

LOCAL_USER = "@local"  # whoever may open the Unix socket; never an account's name


class Right(StrEnum):
    """A permission. Those of one app are written with a placeholder for the app's name."""

    ACCOUNTS_VIEW = "accounts.view"
    ACCOUNTS_EDIT = "accounts.edit"
    CONFIG_VIEW = "config.view"
    CONFIG_EDIT = "config.edit"
    LOG_VIEW = "log.view"
    EVENTS_VIEW = "events.view"
    APP_VIEW = "server<NAME>.view"
    APP_CONTROL = "server<NAME>.control"
    APP_CONSOLE_VIEW = "server<NAME>.console.view"
    APP_CONSOLE_WRITE = "server<NAME>.console.write"
    APP_FILES_VIEW = "server<NAME>.files.view"
    APP_FILES_MODIFY = "server<NAME>.files.modify"

    @property
    def is_per_app(self) -> bool:
        """Whether the right is given for one app at a time."""
        return "<NAME>" in self.value

    def named(self, app: str) -> str:
        """The right for ``app`` as it is shown and stored: ``server<web>.control``."""
        return self.value.replace("<NAME>", f"<{app}>")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who makes a request.

    Attributes:
        username: the account, or `LOCAL_USER`.
        session_id: public id of the session (never its token); "" for `LOCAL_USER`.
    """

    username: str
    session_id: str


LOCAL = Identity(LOCAL_USER, "")


def allows(identity: Identity, right: Right, app: str | None = None) -> bool:
    """Whether ``identity`` has ``right``; for a right of one app, on ``app``.

    A per-app right without an app asks "on any app?" (lists filter their rows afterwards).
    Today every account has every right; an identity without a name has none.
    """
    del right, app
    return bool(identity.username)
