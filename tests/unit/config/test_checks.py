"""checks: names of apps, which have more rules than types can say."""

import pytest

from octyne.config.checks import MAX_NAME_BYTES, problems
from octyne.config.model import AppConfig, Config, ConsoleConfig, UnixSocketConfig, WebUIConfig


@pytest.mark.parametrize(
    "name", ["web", "a b", "ä/ö", "..a", '"', "a\nb", "x" * MAX_NAME_BYTES, "Ünïcode 😀"]
)
def test_most_texts_are_names_of_apps(name: str) -> None:
    """Names never become paths or commands unescaped, so they may be anything."""
    assert list(problems(Config(servers={name: AppConfig()}))) == []


@pytest.mark.parametrize("name", ["", ".", "..", "a\0b", "é" * (MAX_NAME_BYTES // 2 + 1)])
def test_some_texts_cannot_be_names(name: str) -> None:
    """The path leads to the app."""
    [(where, _)] = problems(Config(servers={name: AppConfig()}))

    assert where == ("servers", name)


@pytest.mark.parametrize("mode", ["660", "0660", "0o660", "0600", "777"])
def test_modes_are_octal(mode: str) -> None:
    """With or without the usual prefixes."""
    section = UnixSocketConfig(mode=mode)

    assert list(problems(section)) == []
    assert section.permissions == int(mode.removeprefix("0o"), 8)


@pytest.mark.parametrize("mode", ["rw-", "0888", "1777", "-1", "0o", " 660", "6_0"])
def test_other_modes_are_refused(mode: str) -> None:
    """A wrong mode must never be a guess."""
    assert [where for where, _ in problems(UnixSocketConfig(mode=mode))] == [("mode",)]


def test_two_listeners_cannot_share_a_port() -> None:
    """Unless one of them is off."""
    shared = Config(port=5000, web_ui=WebUIConfig(port=5000))
    off = Config(port=5000, web_ui=WebUIConfig(port=5000, enabled=False))

    assert [where for where, _ in problems(shared)] == [("webUI", "port")]
    assert list(problems(off)) == []


def test_sections_without_rules_have_no_problems() -> None:
    """Types say it all for them."""
    assert list(problems(ConsoleConfig())) == []
