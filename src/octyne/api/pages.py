"""The dashboard port's pages, until the dashboard is there: a placeholder and a 404."""

import base64
import hashlib
from functools import cache

from octyne.api import errors, replies
from octyne.errors import NotFoundError

STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.6 system-ui,sans-serif;max-width:36rem;margin:20vh auto 0;padding:0 1.5rem}"
    "h1{font-size:1.5rem;font-weight:600}code{font-size:.95em}"
)
PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width,initial-scale=1">'
    "<title>{title} · Octyne</title><style>{style}</style></head>"
    "<body><main><h1>{title}</h1>{text}</main></body></html>"
)
PLACEHOLDER = (
    "<p>The daemon is running. Its dashboard is not part of this version yet; until then the API "
    'below <code>/api</code> does everything: <a href="/api/openapi.json">its description</a>.</p>'
)
NOT_FOUND = '<p>There is no such page here. <a href="/">Back to the start</a></p>'
ONLY = "Only GET is allowed!"


def answer_page(path: str, method: str) -> replies.Answer:
    """The page for a path outside of /api.

    Raises:
        MethodNotAllowedError, NotFoundError: for methods that no page takes.
    """
    is_start = path == "/"
    if method not in ("GET", "HEAD"):
        if is_start:
            raise errors.MethodNotAllowedError(ONLY, "GET, HEAD, OPTIONS")
        raise NotFoundError(errors.NO_SUCH_ROUTE)
    body = _page("It works", PLACEHOLDER) if is_start else _page("Not found", NOT_FOUND)
    status = errors.OK if is_start else errors.STATUS[NotFoundError]
    answer = replies.Answer(body.encode(), "text/html; charset=utf-8", status)
    answer.extra.update(security_headers())
    return answer


@cache
def security_headers() -> dict[str, str]:
    """What keeps a page from being framed, scripted or leaked; only its own style is allowed."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'none'"
        ),
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


def _page(title: str, text: str) -> str:
    return PAGE.format(title=title, style=STYLE, text=text)
