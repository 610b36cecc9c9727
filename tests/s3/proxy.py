"""Stands between Seatrial and the S3 server, and does to blobs what networks and disks do.

`fault` is what it does now: None, or one of FAULTS. Only requests for blobs' bytes are touched by
faults of the bytes; the others hit every request.
"""

import http.client
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DOWN = ["corrupts downloads", "truncates downloads", "cuts downloads"]
UP = ["corrupts uploads", "truncates uploads"]
ALL = ["delays", "cuts", "fails", "refuses"]
FAULTS = DOWN + UP + ALL

HOP = {"connection", "transfer-encoding", "keep-alive", "content-length", "server", "date"}


class Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, upstream):
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream = upstream
        self.fault = None
        self.delay_s = 5
        # Set: requests that carry parts of blobs wait until `passing` is.
        self.reached = threading.Event()
        self.passing = threading.Event()
        self.passing.set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, address):
        """Clients that go away are what is tested."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def forward(self):
        fault = self.server.fault
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        carries = self.command == "PUT" and len(body) > 1
        if carries:
            self.server.reached.set()
            self.server.passing.wait()
        if fault == "delays":
            time.sleep(self.server.delay_s)
        if fault == "cuts":
            return self.cut()
        if fault == "fails":
            return self.answer(503, [], b"<Error><Code>SlowDown</Code></Error>")
        if fault == "refuses":
            return self.answer(403, [], b"<Error><Code>AccessDenied</Code></Error>")
        if carries and fault == "corrupts uploads":
            body = flipped(body)
        if carries and fault == "truncates uploads":
            body = body[: len(body) // 2]
        status, headers, answer = self.ask(body)
        is_bytes = "/sha256/" in self.path or "/partial/" in self.path
        if self.command == "GET" and is_bytes and status in (200, 206) and answer:
            if fault == "corrupts downloads":
                answer = flipped(answer)
            if fault == "truncates downloads":
                answer = answer[: len(answer) // 2]
            if fault == "cuts downloads":
                self.answer(status, headers, answer, sent=len(answer) // 2)
                return self.cut()
        self.answer(status, headers, answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = forward

    def ask(self, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.upstream)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP}
        connection.request(self.command, self.path, body or None, headers)
        response = connection.getresponse()
        answer = response.read()
        headers = response.getheaders()
        connection.close()
        return response.status, headers, answer

    def answer(self, status, headers, body, sent=None):
        self.send_response_only(status)
        length = len(body)
        for name, value in headers:
            if name.lower() == "content-length" and self.command == "HEAD":
                length = value
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("content-length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:sent])

    def cut(self):
        self.wfile.flush()
        self.close_connection = True
        self.connection.close()


def flipped(body):
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
