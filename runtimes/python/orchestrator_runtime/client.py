"""The Runtime API over one keep-alive connection on a raw socket: one write for each message, as
little parsing as the answers need. Answers come in the order of the requests.

The kernel has run others since the last event, so what an event goes through is cold, and each call
counts: hence few and short ones between its bytes and those of its response."""

import socket
import sys
import time

from .known_answers import END_OF_HEAD, LENGTH, KnownAnswers

VERSION = "/2018-06-01/runtime/"
# A response up to this goes out together with the poll for the next event.
PIPELINED_BYTES = 64 * 1024
READ_BYTES = 64 * 1024
# From here on the C library would have a body's pages made by the kernel each time, and give them
# back: that takes longer than to fill them.
LARGE_BYTES = 1024 * 1024
# A body is there as bytes, as text and as a value, coming and going.
COPIES = 3
LOST = "The connection to the Runtime API was lost."
# After so many others in a row no head is expected to come again.
MOST_MISSES = 8
# A server does not tire of a connection sooner.
PATIENCE_S = 0.1


class Lost(Exception):
    """The Runtime API has closed the connection."""


class ApiError(Exception):
    """The Runtime API has answered something else than what was asked for."""

    def __init__(self, path, answer):
        super().__init__(
            "Request to Lambda Runtime '%s' endpoint failed. Reason: '%d'. Response body: '%s'"
            % (path, answer.status, answer.body)
        )


class Answer:
    __slots__ = ("status", "headers", "body", "closed")

    def __init__(self, status, headers, body, closed=False):
        """The headers may be the next event's as well: what is not read before that comes is gone."""
        self.status = status
        self.headers = headers
        self.body = body
        self.closed = closed


class RuntimeClient:
    def __init__(self, address, path=None):
        """`path`: a socket that leads to the same server, where the platform has put one."""
        self._address = address
        self._path = path
        host, _, port = address.rpartition(":")
        self._target = (host, int(port))
        # A server that ends connections might lose what was sent ahead.
        self._pipelines = True
        # The largest body so far that was large.
        self._largest = LARGE_BYTES
        # The bytes of what a response is answered with.
        self._accepted = None
        # That and the head of an event, and how many others in a row were different.
        self._known = None
        self._misses = 0
        agent = "orchestrator-python/%d.%d.%d" % sys.version_info[:3]
        self._common = " HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n" % (address, agent)
        self._next = ("GET " + VERSION + "invocation/next" + self._common + "\r\n").encode("latin-1")
        self._connect()

    def next(self):
        """The next event. Never times out."""
        self._reconnect()
        self._socket.sendall(self._next)
        return self._answer()

    def respond(self, request_id, body, content_type):
        """Posts the result and returns the next event."""
        return self._post_then_next("invocation/%s/response" % request_id, body, content_type, "")

    def fail(self, request_id, body, headers=""):
        path = "invocation/%s/error" % request_id
        return self._post_then_next(path, body, "application/json", headers)

    def init_error(self, body, error_type):
        return self._report("init/error", body, error_type)

    def restore_next(self):
        """Returns once the environment has been restored. Never times out."""
        path = VERSION + "restore/next"
        self._reconnect()
        self._socket.sendall(("GET " + path + self._common + "\r\n").encode("latin-1"))
        answer = self._answer()
        if answer.status != 200:
            raise ApiError(path, answer)

    def restore_error(self, body, error_type):
        return self._report("restore/error", body, error_type)

    def _report(self, path, body, error_type):
        header = "Lambda-Runtime-Function-Error-Type: %s\r\n" % error_type
        self._write(path, body, "application/json", header, b"")
        return self._answer()

    def _post_then_next(self, path, body, content_type, headers):
        together = self._pipelines and len(body) <= PIPELINED_BYTES
        self._write(path, body, content_type, headers, self._next if together else b"")
        known = self._known
        if together and known is not None:
            self._unread = read = self._unread or self._more()
            event = known.body_in(read)
            if event is not None:
                self._unread = b""
                self._misses = 0
                if self._tires:
                    self._answered = time.monotonic()
                return Answer(200, known.headers, event)
        posted = self._answer()
        if posted.status >= 400:
            sys.stdout.write("The response was refused: %d %r\n" % (posted.status, posted.body))
        return self._answer() if together and not posted.closed else self.next()

    def _write(self, path, body, content_type, headers, behind):
        head = (
            f"POST {VERSION}{path}{self._common}Content-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\n{headers}\r\n"
        )
        self._reconnect()
        if len(body) > PIPELINED_BYTES:
            self._expect(len(body))
            # Putting them together would copy the body.
            self._socket.sendall(head.encode("latin-1"))
            self._socket.sendall(body)
        else:
            self._socket.sendall(head.encode("latin-1") + body + behind)

    def _reconnect(self):
        """A server may end the connection with any answer; one behind a network, after a while without
        a request."""
        if self._ended or (self._tires and self._is_stale()):
            self._socket.close()
            self._connect()

    def _is_stale(self):
        if time.monotonic() - self._answered <= PATIENCE_S:
            return False
        try:
            return self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _connect(self):
        self._ended = False
        self._tires = self._path is None
        self._answered = time.monotonic()
        self._unread = b""
        if self._path is not None:
            self._socket = socket.socket(socket.AF_UNIX)
            # The function may have set one for all its sockets.
            self._socket.settimeout(None)
            try:
                self._socket.connect(self._path)
                return
            except OSError:
                # It is not to be had: the network's way will do.
                self._socket.close()
                self._path = None
                self._tires = True
        self._socket = socket.create_connection(self._target, None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _more(self):
        read = self._socket.recv(READ_BYTES)
        if not read:
            raise Lost(LOST)
        return read

    def _expect(self, length):
        """Bodies of this length may come again. An allocation that comes and goes tells glibc so, which
        then keeps as much, and twice, for those that are no larger. No page of it is touched."""
        if length > self._largest:
            self._largest = length
            bytes(COPIES * length)

    def _answer(self):
        unread = self._unread
        end = unread.find(END_OF_HEAD)
        while end < 0:
            unread += self._more()
            end = unread.find(END_OF_HEAD)
        text = unread[:end].decode("latin-1")
        status, headers = _meaning(text)
        rest = unread[end + 4 :]
        if "transfer-encoding" in headers:
            body, rest = self._chunked(rest)
        else:
            body, rest = self._sized(rest, int(headers.get("content-length", "0")))
        self._unread = rest
        self._answered = time.monotonic()
        closed = headers.get("connection", "").lower() == "close"
        if closed:
            self._ended = True
            self._pipelines = False
        elif LENGTH in headers:
            self._note(status, text, headers, body)
        return Answer(status, headers, body, closed)

    def _note(self, status, text, headers, body):
        """What may come again."""
        if status == 202:
            self._accepted = text.encode("latin-1") + END_OF_HEAD + body
        elif status == 200 and self._accepted is not None and self._misses < MOST_MISSES:
            self._misses += 1
            self._known = KnownAnswers(self._accepted, text, headers)

    def _sized(self, rest, length):
        """So many bytes, and what came behind them."""
        if len(rest) >= length:
            return rest[:length], rest[length:]
        self._expect(length)
        # Read to where it stays: pieces would have to be put together.
        body = bytearray(length)
        body[: len(rest)] = rest
        with memoryview(body) as view:
            filled = len(rest)
            while filled < length:
                count = self._socket.recv_into(view[filled:], 0, socket.MSG_WAITALL)
                if count == 0:
                    raise Lost(LOST)
                filled += count
        return (bytes(body) if length < READ_BYTES else body), b""

    def _chunked(self, rest):
        pieces = []
        while True:
            while b"\r\n" not in rest:
                rest += self._more()
            size_text, _, rest = rest.partition(b"\r\n")
            size = int(size_text, 16)
            piece, rest = self._sized(rest, size + 2)
            if size == 0:
                return b"".join(pieces), rest
            pieces.append(piece[:-2])


def _meaning(head):
    """Status and headers."""
    lines = head.split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return int(lines[0][9:12]), headers
