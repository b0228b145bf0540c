"""The rules for accounts, with the contract's exact texts."""

import pytest

from octyne.accounts import roster
from octyne.accounts.stores import Edit
from octyne.errors import ConflictError, DaemonError, InvalidError, NotFoundError

USERS = {"a": "1", "b": "2", "c": "3"}


@pytest.mark.parametrize("name", ["a", "Alice_1", "a@b-c", "@", "-", "x" * 255, "local"])
def test_good_names(name: str) -> None:
    """Letters, digits and three signs."""
    roster.check_name(name)


@pytest.mark.parametrize("name", ["a b", "a.b", "é", "a\n", "\n", "a/b", "", "x\0", "٣"])
def test_bad_names(name: str) -> None:
    """The name is quoted in the answer as it came."""
    with pytest.raises(InvalidError) as caught:
        roster.check_name(name)

    assert str(caught.value) == (
        f"The username '{name}' is invalid. "
        "A valid username can contain only letters, numbers, -, _ or @."
    )


def test_the_reserved_name() -> None:
    """It stands for the Unix socket."""
    with pytest.raises(InvalidError) as caught:
        roster.check_name("@local")

    assert str(caught.value) == "The username '@local' is reserved for local system users."


def test_names_have_a_length() -> None:
    """And a long one isn't sent back."""
    with pytest.raises(InvalidError, match="too long; 255"):
        roster.check_name("x" * 256)


@pytest.mark.parametrize(
    ("edit", "after"),
    [
        (roster.creating("d", "4"), {"a": "1", "b": "2", "c": "3", "d": "4"}),
        (roster.updating("b", "x", None), {"a": "1", "x": "2", "c": "3"}),
        (roster.updating("b", "x", "9"), {"a": "1", "x": "9", "c": "3"}),
        (roster.updating("b", "b", "9"), {"a": "1", "b": "9", "c": "3"}),
        (roster.deleting("a"), {"b": "2", "c": "3"}),
        (roster.upgrading("a", "1", "9"), {"a": "9", "b": "2", "c": "3"}),
        (roster.upgrading("a", "0", "9"), USERS),
        (roster.upgrading("z", "0", "9"), USERS),
    ],
)
def test_edits(edit: Edit, after: dict[str, str]) -> None:
    """Each edit changes its account only, and keeps the order of the others."""
    before = dict(USERS)

    assert list(edit(before).items()) == list(after.items())
    assert before == USERS


@pytest.mark.parametrize(
    ("edit", "error", "text"),
    [
        (roster.creating("a", "4"), ConflictError, "User already exists!"),
        (roster.updating("z", "y", None), NotFoundError, "User does not exist!"),
        (roster.updating("a", "b", None), ConflictError, "User already exists!"),
        (roster.deleting("z"), NotFoundError, "User does not exist!"),
    ],
)
def test_refused_edits(edit: Edit, error: type[DaemonError], text: str) -> None:
    """The contract's texts."""
    with pytest.raises(error) as caught:
        edit(dict(USERS))

    assert str(caught.value) == text
