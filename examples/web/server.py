"""A small web server: one page with a hit counter, a health check, and a line per request."""

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Octyne example</title>
<style>body {{ font: 1.2rem/1.6 system-ui; margin: 15vh auto; max-width: 32rem }}</style>
<h1>It works.</h1>
<p>This page was served by an app that Octyne keeps running.</p>
<p>You are visitor number <strong>{hits}</strong>; the server has been up for {uptime} seconds.</p>
"""


class Counter:
    """How often the page was asked for, over all threads."""

    def __init__(self):
        self.started = time.monotonic()
        self.hits = 0
        self._lock = threading.Lock()

    def hit(self):
        with self._lock:
            self.hits += 1
            return self.hits

    def uptime(self):
        return int(time.monotonic() - self.started)


counter = Counter()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30  # seconds; a silent client must not hold its thread for ever

    def do_GET(self):
        if self.path == "/":
            page = PAGE.format(hits=counter.hit(), uptime=counter.uptime())
            self.answer(200, "text/html; charset=utf-8", page)
        elif self.path == "/health":
            health = {"hits": counter.hits, "uptime": counter.uptime()}
            self.answer(200, "application/json", json.dumps(health))
        else:
            self.answer(404, "text/plain; charset=utf-8", "There is nothing here.\n")

    def answer(self, status, content_type, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):  # noqa: A002  # the name is the base class's
        print(f"{self.address_string()} {format % args}", flush=True)


def main():
    port = int(os.environ.get("PORT", "8081"))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        sys.exit(f"Can't listen on port {port}: {error.strerror}")

    def stop(*_):
        # shutdown() waits for serve_forever() to return, so it can't be called from its thread.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"Listening on http://localhost:{port}", flush=True)
    with server:
        server.serve_forever(poll_interval=0.1)
    print(f"Goodbye after {counter.hits} visits.", flush=True)


if __name__ == "__main__":
    main()
