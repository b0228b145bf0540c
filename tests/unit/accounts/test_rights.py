"""Rights: names as the contract's clients and later roles know them."""

import pytest

from octyne.accounts.rights import LOCAL, Identity, Right, allows


@pytest.mark.parametrize("right", list(Right))
def test_every_account_has_every_right_today(right: Right) -> None:
    """Roles come later; until then an account may do everything."""
    assert allows(Identity("alice", "1"), right, "web")
    assert allows(LOCAL, right)


@pytest.mark.parametrize("right", list(Right))
def test_nobody_has_no_right(right: Right) -> None:
    """An identity without a name is a mistake somewhere, and gets nothing."""
    assert not allows(Identity("", ""), right, "web")


def test_rights_of_an_app_carry_its_name() -> None:
    """The placeholder is filled in; rights of the daemon have none."""
    assert Right.APP_CONSOLE_WRITE.named("my app") == "server<my app>.console.write"
    assert Right.APP_VIEW.is_per_app
    assert not Right.CONFIG_EDIT.is_per_app
