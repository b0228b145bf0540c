"""Hundreds of strings for each parameter that is a path or a name: none does any harm."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest

from support.archives import zip_of
from support.file_operations import APP, TUS, metadata, tus_end
from support.outside import ANSWER_S, CANARY, Http, Reply, World, form

URL_SAFE = frozenset(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/%:@!$'()*,"
)


def strings(base: Path) -> list[bytes]:
    """At least 200, as bytes; those of URL characters only are sent as they are in a query."""
    dots = [
        b"..", b"../", b"/..", b"/../", b"./..", b"../.", b"..//", b".../", b"....", b"....//",
        b"..././", b"....\\/", b"..;/", b"..%00/", b"%2e%2e", b"%2e%2e/", b"%2e%2e%2f", b"..%2f",
        b"%2e.", b".%2e/", b"%252e%252e%252f", b"..%252f", b"%25252e%25252e%25252f", b"..%5c",
        b"..\\", b"\\..\\", b"%5c..%5c", b"..%c0%af", b"%c0%ae%c0%ae/", b"%c0%ae%c0%ae%c0%af",
        b"%e0%80%ae%e0%80%ae/", b"%f0%80%80%ae/", b"%fc%80%80%80%80%ae/", b"..%ef%bc%8f",
        b"%ef%bc%8e%ef%bc%8e/", b"%e2%80%a5/", b"%e2%80%a4%e2%80%a4/", b"%e2%88%95..",
        b"%u002e%u002e/", b"%uff0e%uff0e/", b"..%01/", b".. /", b" ../", b"..%20/", b"..%09/",
        b"..%0d%0a/", b"..%0a/", b"..%c2%a0/", b"%e2%80%8b../", b".%e2%80%8b./", b"..%e2%80%ae/",
        b"%e2%80%8f../", b"keep/../../", b"keep/../..//", b"a.txt/../../", b"keep/./../../",
        b"nope/../../",
    ]  # fmt: skip
    found = [dot + rest for dot in dots for rest in (b"", b"outside/secret.txt", b"outside")]
    found += [b"../" * count + b"etc/passwd" for count in (1, 2, 10, 100, 1000, 2700)]
    found += [b"/" + b"../" * count + b"proc/self/environ" for count in (1, 20)]
    out = bytes(base) + b"/outside"
    found += [
        b"", b"/", b"//", b"/" * 100, b"/" * 8000, b".", b"./", b"/.", b"./././", b"a" * 255,
        b"a" * 256, b"a" * 4096, b"a" * 8000, b"a/" * 500, b"a/" * 1001, b"a/" * 4000,
        b"\xc3\xa4" * 127, b"\xc3\xa4" * 128, b"keep/" + b"b" * 300,
        b"keep/" + b"c" * 300 + b"/d", b"a" * 300 + b"/../a.txt", b"/proc/self/root",
        b"/proc/self/root/etc/passwd", b"/proc/self/environ", b"/proc/self/cwd/config.json",
        b"/proc/self/fd/0", b"/dev/stdin", b"/dev/fd/0", b"/dev/zero", b"/etc/passwd",
        b"/etc/shadow", b"file:///etc/passwd", b"file://localhost/etc/passwd",
        b"http://127.0.0.1/", b"C:\\Windows\\win.ini", b"C:/Windows", b"c:", b"\\\\host\\share",
        b"//host/share", b"\\\\?\\C:\\", b"\\\\.\\pipe\\x", b"CON", b"NUL", b"aux.txt",
        b"a.txt::$DATA", b"a.txt.", b"a.txt ", b"a.txt/", b"a.txt//", b"a.txt/.", b"a.txt/..",
        b"a.txt%00", b"a.txt%00.zip", b"a.txt\0", b"\0", b"\0../..", b"\r\n",
        b"a\r\nSet-Cookie: x=1", b"a%0d%0aX-Evil:%201", b"a\nb", b"\x1b[31m", b"\x7f", b"\xff",
        b"\xfe\xff", b"\xc0\xaf", b"..\xc0\xaf", b"\xc0\xae\xc0\xae/", b"\xed\xa0\x80",
        b"\xed\xb0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xe2\x80\xae",
        b"\xe2\x80\xaetxt.exe", b"\xef\xbb\xbfa.txt", b"\xef\xbf\xbe", b"\xf0\x9f\x92\xa9",
        b"e\xcc\x81", b"\xc3\xa9", b"~", b"~root", b"~/.ssh", b"$HOME", b"${HOME}", b"`id`",
        b"$(id)", b"; ls", b"| ls", b"&& ls", b"-rf", b"--help", b"*", b"?", b"[a]", b"{a,b}",
        b"%", b"%s%n", b"%%", b"%zz", b"+", b"&", b"=", b"#", b"?a=b", b"a?b", b"a#b", b'"', b"'",
        b'";drop table', b"<script>", b"{{7*7}}", b"null", b"undefined", b"None", b"true", b"0",
        b"-1", b"1e999", b".octyne-upload-0000000000000000", b".octyne-unpack-0000000000000000/x",
        b".octyne", b"out", b"out/", b"out/secret.txt", b"out/new", b"out/..", b"keep/out",
        b"keep/out/secret.txt", b"hop/outside", b"hop", b"hop/app/a.txt", b"hop/..", b"loop",
        b"loop/x", b"dead", b"dead/x", b"root/etc/passwd", b"root",
    ]  # fmt: skip
    return [
        *found,
        out,
        out + b"/secret.txt",
        out + b"/new",
        bytes(base),
        bytes(base) + b"/app/a.txt",
    ]


PLAIN = ("application/x-", "application/zip", "text/plain")  # no JSON
# What can't be done twice without a fresh start.
ONCE = (
    "delete", "mv src", "mv dest", "cp src", "batch src", "batch dest", "batch rm",
    "lines", "archive", "base", "members", "archive type",
)  # fmt: skip
Send = Callable[[Http, bytes], Reply]


def in_query(value: bytes) -> str:
    """As it is where that is possible: then it may be encoded once or twice already."""
    if value and URL_SAFE.issuperset(value):
        return value.decode()
    return quote_from_bytes(value)


def asked(method: str, route: str, field: str, more: str = "", body: bytes = b"") -> Send:
    """In the query."""
    return lambda http, value: http(method, f"{APP}/{route}?{field}={in_query(value)}{more}", body)


def in_json(value: bytes) -> str:
    """A text of JSON, with escapes for surrogates."""
    return json.dumps(value.decode("utf-8", "surrogateescape"))


def told(method: str, route: str, template: str) -> Send:
    """In JSON; ``$`` stands for the string."""

    def send(http: Http, value: bytes) -> Reply:
        body = template.replace("$", in_json(value))
        if len(value) % 2:  # as bytes that may be no UTF-8
            raw = value.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            return http(method, f"{APP}/{route}", template.encode().replace(b"$", b'"%s"' % raw))
        return http(method, f"{APP}/{route}", body)

    return send


def in_form(parameter: str) -> Send:
    """A file's name in a form."""

    def send(http: Http, value: bytes) -> Reply:
        if parameter == "filename*":
            value = b"UTF-8''" + quote_from_bytes(value).encode()
        body, kind = form(value, parameter=parameter)
        return http("POST", f"{APP}/file?path=keep", body, Content_Type=kind)

    return send


def in_metadata(field: str) -> Send:
    """Of a tus upload, which is then sent."""

    def send(http: Http, value: bytes) -> Reply:
        pairs: dict[str, str | bytes] = {"filename": "t", field: value}
        headers = {**TUS, "Upload_Length": "3", "Upload_Metadata": metadata(**pairs)}
        begun = http("POST", f"{APP}/uploads", **headers)
        return tus_end(http, begun)[0] if begun.status == 201 else begun

    return send


def in_tus_query(http: Http, value: bytes) -> Reply:
    """The folder of a tus upload."""
    headers = {**TUS, "Upload_Length": "0", "Upload_Metadata": metadata(filename="t")}
    return http("POST", f"{APP}/uploads?path={in_query(value)}", **headers)


PARAMETERS: dict[str, Send] = {
    "list": asked("GET", "files", "path"),
    "extrainfo": asked("GET", "files", "path", "&extrainfo=true"),
    "search path": asked("GET", "files/search", "path", "&name=e&content=canary"),
    "search name": asked("GET", "files/search", "name"),
    "search content": asked("GET", "files/search", "content"),
    "usage": asked("GET", "files/usage", "path"),
    "get": asked("GET", "file", "path"),
    "head": asked("HEAD", "file", "path"),
    "ticket": asked("GET", "file", "ticket", "&path=a.txt"),
    "delete": asked("DELETE", "file", "path"),
    "mkdir": asked("POST", "folder", "path"),
    "put": asked("PUT", "file", "path", body=b"new"),
    "folder": asked("GET", "files/download", "path", "&type=tar"),
    "name": asked("GET", "files/download", "name", "&type=tar"),
    "type": asked("GET", "files/download", "type"),
    "form path": lambda http, value: http(
        "POST", f"{APP}/file?path={in_query(value)}", form("f")[0], Content_Type=form("f")[1]
    ),
    "form name": in_form("filename"),
    "form name, encoded": in_form("filename*"),
    "tus name": in_metadata("filename"),
    "tus path": in_metadata("path"),
    "tus folder": in_metadata("folder"),
    "tus query": in_tus_query,
    "tus id": lambda http, value: http("PATCH", f"{APP}/uploads/{in_query(value)}", **TUS),
    "mv src": told("PATCH", "file", '{"operation":"mv","src":$,"dest":"got"}'),
    "mv dest": told("PATCH", "file", '{"operation":"mv","src":"a.txt","dest":$}'),
    "cp src": told("PATCH", "file", '{"operation":"cp","src":$,"dest":"got"}'),
    "cp dest": told("PATCH", "file", '{"operation":"cp","src":"keep","dest":$}'),
    "chmod": told("PATCH", "file", '{"operation":"chmod","path":$,"mode":"777"}'),
    "mode": told("PATCH", "file", '{"operation":"chmod","path":"a.txt","mode":$}'),
    "word": told("PATCH", "file", '{"operation":$,"src":"a.txt","dest":"b"}'),
    "lines": lambda http, value: http("PATCH", f"{APP}/file", b"cp\n" + value + b"\ngot"),
    "batch src": told("PATCH", "files", '{"operations":[{"operation":"cp","src":$,"dest":"got"}]}'),
    "batch dest": told(
        "PATCH", "files", '{"operations":[{"operation":"mv","src":"a.txt","dest":$}]}'
    ),
    "batch rm": told("PATCH", "files", '{"operations":[{"operation":"rm","path":$}]}'),
    "archive": asked("POST", "compress", "path", "&archiveType=tar", b'["a.txt"]'),
    "base": asked("POST", "compress", "basePath", "&path=new.zip", b'[""]'),
    "members": told("POST", "compress?path=new.tar&archiveType=tar&compress=false", "[$]"),
    "archive type": asked("POST", "compress", "archiveType", "&path=new.zip", b"[]"),
    "job": asked("GET", "compress", "token"),
    "packed": asked("POST", "decompress", "path"),
    "packed, with an ending": lambda http, value: http(
        "POST", f"{APP}/decompress?path={in_query(value)}.zip"
    ),
    "destination": lambda http, value: http("POST", f"{APP}/decompress?path=keep/k.zip", value),
    "app": lambda http, value: http(
        "GET", f"/server/{quote_from_bytes(value, safe='')}/files/usage"
    ),
    "app, as it is": lambda http, value: http("GET", f"/server/{in_query(value)}/files"),
}  # fmt: skip


def refill(world: World) -> None:
    """The usual, with links in all directions."""
    world.reset()
    for name, target in {
        "out": "../outside", "hop": "..", "loop": "loop", "dead": "../nowhere", "root": "/",
        "keep/out": "../../outside",
    }.items():  # fmt: skip
        (world.home / name).symlink_to(target)
    (world.home / "keep/k.zip").write_bytes(zip_of(("unpacked.txt", b"harmless")))


@pytest.mark.parametrize("name", PARAMETERS)
def test_strings(world: World, http: Http, name: str) -> None:
    """Never an error of ours, nothing outside is touched or told, the daemon says JSON."""
    values = strings(world.base)
    world.note()
    http.slowest_s = 0.0
    refill(world)
    for value in values:
        reply = PARAMETERS[name](http, value)
        if name == "destination" and reply.status == 500:
            assert b'"reason"' in reply.body, (value, reply)
        else:
            assert reply.status < 500, (value, reply)
            assert reply.status != 429
        assert CANARY.encode() not in reply.body, value
        if not reply.headers.get("content-type", "").startswith(PLAIN):
            assert reply.body[:1] in (b"", b"{"), (value, reply)
        if bytes(world.base) not in value:
            assert bytes(world.base) not in reply.body, (value, reply)
        if reply.status < 400 and name in ONCE:
            refill(world)

    assert len(values) >= 200
    assert http.slowest_s < ANSWER_S / 2
    world.check()
