"""The families of errors."""

import pytest

import octyne.daemon.run  # noqa: F401  # imports every module that has errors of its own
from octyne.errors import DaemonError, RateLimitedError


def families() -> list[type[DaemonError]]:
    """All errors that users may see, families and concrete ones."""
    found: list[type[DaemonError]] = [DaemonError]
    for kind in found:  # grows while it is walked
        found.extend(kind.__subclasses__())
    return found


def test_direct_families_have_codes_of_their_own() -> None:
    """Stable words for programs."""
    codes = [kind.code for kind in DaemonError.__subclasses__()]

    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", families())
def test_codes_are_words(kind: type[DaemonError]) -> None:
    """And every error's name says what it is."""
    assert kind.code.replace("-", "").isalpha()
    assert kind.code.islower()
    assert kind.__name__.endswith("Error")


def test_a_rate_limit_says_when_to_try_again() -> None:
    """In whole seconds."""
    error = RateLimitedError("Too many.", retry_after_s=5)

    assert (str(error), error.retry_after_s, error.code) == ("Too many.", 5, "rate-limited")
