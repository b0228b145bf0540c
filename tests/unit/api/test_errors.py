"""Families of errors and what clients see of them."""

import logging

import pytest

from octyne import errors as domain
from octyne.api import errors
from octyne.config.reader import ConfigError

FAMILIES = {
    domain.InvalidError: 400,
    domain.UnauthenticatedError: 401,
    domain.DeniedError: 403,
    domain.NotFoundError: 404,
    domain.ConflictError: 409,
    domain.TooLargeError: 413,
    domain.UnavailableError: 503,
}


def test_every_family_has_a_status() -> None:
    """A new family must be added to the map."""
    for family in domain.DaemonError.__subclasses__():
        if family.__module__ == domain.__name__:
            assert family in errors.STATUS


@pytest.mark.parametrize(("family", "status"), FAMILIES.items())
def test_families_and_their_children_are_mapped(
    family: type[domain.DaemonError], status: int
) -> None:
    """By the method resolution order; close codes follow."""
    child = type("ChildError", (family,), {})
    for kind in (family, child):
        problem = errors.problem(kind("A sentence."), "A test")
        assert (problem.status, problem.message) == (status, "A sentence.")
        assert problem.close_code == 4000 + status


def test_rate_limits_say_when_to_come_back() -> None:
    """In seconds."""
    error = domain.RateLimitedError("Too often.", retry_after_s=9)
    problem = errors.problem(error, "A test")
    assert (problem.status, problem.headers) == (429, {"Retry-After": "9"})


@pytest.mark.parametrize(
    "error", [RuntimeError("secret"), domain.DaemonError("secret"), ConfigError("secret")]
)
def test_anything_else_is_a_bug(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing of it leaks; the log has it under the id."""
    with caplog.at_level(logging.ERROR):
        problem = errors.problem(error, "A test")
    assert (problem.status, problem.message) == (500, "Internal Server Error!")
    assert problem.headers["X-Request-Id"] in caplog.text
    assert "secret" in caplog.text


def test_a_body_that_is_cut_off_ends_the_connection() -> None:
    """What follows it would be taken for a request."""
    assert errors.problem(errors.BrokenBodyError("Failed to read body!"), "A test").closes
