"""The dashboard port's pages: the built dashboard, or how to build it.

Any path that is no file gets the start page: the dashboard itself knows its pages.
"""

import base64
import hashlib
import secrets
from functools import cache
from pathlib import Path

from aiohttp import web

from octyne.aio import in_thread
from octyne.api import assets, errors, replies
from octyne.errors import NotFoundError

HTML = assets.TYPES[".html"]
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
NOT_BUILT = (
    "<p>The daemon is running, but it was installed from its sources without the dashboard. In the "
    "sources, with Node 20 or newer, <code>make dashboard</code> builds it; then restart the daemon"
    " (the apps keep running).</p>"
    '<p>The API below <code>/api</code> does everything: <a href="/api/openapi.json">its '
    "description</a>.</p>"
)
NOT_FOUND = '<p>There is no such file here. <a href="/">Back to the start</a></p>'
ONLY = "Only GET is allowed!"

NONCE = "__CSP_NONCE__"  # where the start page wants the answer's own; web/vite.config.ts
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
COMMON = {
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Pages:
    """Answers the paths outside of /api."""

    def __init__(self, directory: Path = assets.DIRECTORY) -> None:
        self._directory = directory
        self._files: dict[str, assets.Asset] = {}

    async def answer(self, request: web.BaseRequest, path: str) -> replies.Answer:
        """The page or file at ``path``.

        Raises:
            MethodNotAllowedError, NotFoundError: for methods that no page takes.
        """
        if request.method not in ("GET", "HEAD"):
            if path == "/":
                raise errors.MethodNotAllowedError(ONLY, "GET, HEAD, OPTIONS")
            raise NotFoundError(errors.NO_SUCH_ROUTE)
        name = path.lstrip("/")
        # Look again for what isn't known: it may have been built, or upgraded, beside us.
        if not self._files or (name.startswith(assets.HASHED) and name not in self._files):
            self._files = await in_thread(assets.find, self._directory)
        if not self._files:
            return _own_page("The dashboard is not built", NOT_BUILT)
        found = await self._file(request, name)
        if found is None and not name.startswith(assets.HASHED):
            found = await self._start_page()
        return found or _own_page("Not found", NOT_FOUND, errors.STATUS[NotFoundError])

    async def _file(self, request: web.BaseRequest, name: str) -> replies.Answer | None:
        asset = self._files.get(name)
        if asset is None or name == assets.START_PAGE:
            return None
        encoding = asset.choose(request.headers.get("Accept-Encoding", ""))
        body = await in_thread(assets.read, asset, encoding)
        if body is None:
            self._files = {}
            return None
        tag = asset.etag(encoding)
        is_known = tag in request.headers.get("If-None-Match", "")
        status = errors.NOT_MODIFIED if is_known else errors.OK
        answer = replies.Answer(body, asset.content_type, status)
        answer.cache = FOR_EVER if asset.is_hashed else ASK_AGAIN
        answer.extra.update(COMMON, ETag=tag, Vary="Accept-Encoding")
        # A file that is opened as a page of its own (a picture, say) runs and loads nothing.
        answer.extra["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        if encoding:
            answer.extra["Content-Encoding"] = encoding
        return answer

    async def _start_page(self) -> replies.Answer | None:
        """Read anew each time: it is small, and an upgrade beside us may have replaced it."""
        body = await in_thread(assets.read, self._files[assets.START_PAGE], "")
        if body is None:
            self._files = {}
            return None
        nonce = secrets.token_urlsafe(18)
        answer = replies.Answer(body.replace(NONCE.encode(), nonce.encode()), HTML)
        answer.extra.update(COMMON)
        answer.extra["Content-Security-Policy"] = dashboard_policy(nonce)
        return answer


def dashboard_policy(nonce: str) -> str:
    """What the dashboard may do: its own files and the API, and styles that its scripts make."""
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; "
        "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


@cache
def own_policy() -> str:
    """What the daemon's own pages may do: show their own style, nothing else."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )


def _own_page(title: str, text: str, status: int = errors.OK) -> replies.Answer:
    page = PAGE.format(title=title, style=STYLE, text=text)
    answer = replies.Answer(page.encode(), HTML, status)
    answer.extra.update(COMMON)
    answer.extra["Content-Security-Policy"] = own_policy()
    return answer
