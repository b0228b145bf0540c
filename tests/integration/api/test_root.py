"""What is public over HTTP: the version, and the health."""

from aiohttp import ClientSession

from support.api import Api


async def test_the_version_needs_no_login(stranger: ClientSession) -> None:
    """The API's for clients, ours beside it."""
    for method in ("GET", "POST"):
        async with stranger.request(method, "/") as answer:
            assert answer.status == 200
            assert await answer.json() == {
                "version": "1.4.2",
                "product": "Octyne",
                "productVersion": "9.9.9",
            }


async def test_health_is_public_and_its_details_are_not(
    api: Api, client: ClientSession, stranger: ClientSession
) -> None:
    """200 also when something is wrong: a restart would not mend it."""
    async with stranger.get("/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ok"})
    api.problems.append("The disk is full.")
    async with stranger.get("/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "degraded"})
    for known in (client, api.client("", unix=True)):
        async with known.get("/healthz") as answer:
            assert (await answer.json())["problems"] == ["The disk is full."]
