"""The action log over HTTP."""

from aiohttp import ClientSession

from support.api import Api


async def test_the_action_log_is_read_back(api: Api, client: ClientSession) -> None:
    """With what is asked for."""
    api.audit.actions.append({"action": "server.start", "user": "admin"})
    async with client.get("/log?limit=5&before=2.5&user=admin&server=web&action=x") as answer:
        assert (answer.status, await answer.json()) == (
            200,
            {"actions": [{"ts": 1.5, "action": "server.start", "user": "admin"}]},
        )
    assert api.audit.asked == [5, 2.5, "admin", "web", "x"]
    async with client.get("/log") as answer:
        assert api.audit.asked == [100, None, None, None, None]
    for wrong in ("before=x", "before=1e5", "limit=0"):
        async with client.get(f"/log?{wrong}") as answer:
            assert answer.status == 400
