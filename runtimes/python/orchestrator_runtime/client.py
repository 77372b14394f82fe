"""The Runtime API over one keep-alive connection on a raw socket: one write for each message, as
little parsing as the answers need. Answers come in the order of the requests."""

import socket
import sys
import time

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

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body
        self.closed = headers.get("connection", "").lower() == "close"


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
        self._read = bytearray(READ_BYTES)
        self._view = memoryview(self._read)
        # A head, and what it means.
        self._accepted = (None, None)
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
        posted = self._answer()
        if posted.status >= 400:
            sys.stdout.write("The response was refused: %d %r\n" % (posted.status, posted.body))
        return self._answer() if together and not posted.closed else self.next()

    def _write(self, path, body, content_type, headers, behind):
        head = "POST %s%s%sContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n" % (
            VERSION,
            path,
            self._common,
            content_type,
            len(body),
            headers,
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
        """A server may end the connection with any answer, or after a while without a request."""
        if self._ended or (time.monotonic() - self._answered > PATIENCE_S and self._has_closed()):
            self._socket.close()
            self._connect()

    def _has_closed(self):
        try:
            return self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _connect(self):
        self._ended = False
        self._answered = time.monotonic()
        self._unread = b""
        if self._path is not None:
            self._socket = socket.socket(socket.AF_UNIX)
            try:
                self._socket.connect(self._path)
                return
            except OSError:
                # It is not to be had: the network's way will do.
                self._socket.close()
                self._path = None
        self._socket = socket.create_connection(self._target)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _more(self):
        # Into memory that stays: as much would be set aside for each event, however small.
        count = self._socket.recv_into(self._read)
        if count == 0:
            raise Lost(LOST)
        return bytes(self._view[:count])

    def _expect(self, length):
        """Bodies of this length may come again. An allocation that comes and goes tells glibc so, which
        then keeps as much, and twice, for those that are no larger. No page of it is touched."""
        if length > self._largest:
            self._largest = length
            bytes(COPIES * length)

    def _answer(self):
        unread = self._unread
        end = unread.find(b"\r\n\r\n")
        while end < 0:
            unread += self._more()
            end = unread.find(b"\r\n\r\n")
        status, headers = self._head(unread[:end])
        rest = unread[end + 4 :]
        if "transfer-encoding" in headers:
            body, rest = self._chunked(rest)
        else:
            body, rest = self._sized(rest, int(headers.get("content-length", "0")))
        self._unread = rest
        self._answered = time.monotonic()
        answer = Answer(status, headers, body)
        if answer.closed:
            self._ended = True
            self._pipelines = False
        return answer

    def _head(self, head):
        """Status and headers. What a post is answered with comes again and again."""
        if head == self._accepted[0]:
            return self._accepted[1]
        lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        meaning = (int(lines[0][9:12]), headers)
        if meaning[0] == 202:
            self._accepted = (head, meaning)
        return meaning

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
