"""The rules for accounts as pure functions: names, edits of name -> hash, fixed texts."""

import re

from octyne.accounts.rights import LOCAL_USER
from octyne.accounts.stores import Edit, Users
from octyne.errors import ConflictError, InvalidError, NotFoundError

MAX_NAME = 255
NO_LOGIN = "This node does not support authentication. Authenticate with the primary node!"
NO_MANAGING = (
    "This node does not support managing users. Perform user management on the primary node!"
)
_NAME = re.compile(r"[A-Za-z0-9_@-]+")


def check_name(name: str) -> None:
    """Refuse names that a new account can't have.

    Raises:
        InvalidError: with the contract's text.
    """
    if name == LOCAL_USER:
        raise InvalidError(f"The username '{LOCAL_USER}' is reserved for local system users.")
    if len(name) > MAX_NAME:
        raise InvalidError(f"The username is too long; {MAX_NAME} characters are possible.")
    if _NAME.fullmatch(name) is None:
        raise InvalidError(
            f"The username '{name}' is invalid. A valid username can contain only letters, "
            "numbers, -, _ or @."
        )


def require(users: Users, name: str) -> None:
    """Raise `NotFoundError` when there is no account of that name."""
    if name not in users:
        raise NotFoundError("User does not exist!")


def require_free(users: Users, name: str) -> None:
    """Raise `ConflictError` when there is an account of that name."""
    if name in users:
        raise ConflictError("User already exists!")


def creating(name: str, hashed: str) -> Edit:
    """The edit that adds an account."""

    def edit(users: Users) -> Users:
        require_free(users, name)
        return {**users, name: hashed}

    return edit


def updating(old: str, new: str, hashed: str | None) -> Edit:
    """The edit that renames ``old`` to ``new`` (may be the same) and maybe sets its password."""

    def edit(users: Users) -> Users:
        require(users, old)
        if new != old:
            require_free(users, new)
        # Rebuilt in order, so that a rename leaves its line where it was.
        return {
            (new if name == old else name): (hashed or kept if name == old else kept)
            for name, kept in users.items()
        }

    return edit


def upgrading(name: str, old_hash: str, new_hash: str) -> Edit:
    """The edit that replaces an outdated hash, unless the password was changed meanwhile."""

    def edit(users: Users) -> Users:
        if users.get(name) != old_hash:
            return users
        return {**users, name: new_hash}

    return edit


def deleting(name: str) -> Edit:
    """The edit that removes an account."""

    def edit(users: Users) -> Users:
        require(users, name)
        return {other: kept for other, kept in users.items() if other != name}

    return edit
