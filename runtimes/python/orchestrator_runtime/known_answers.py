"""What answers a response and the poll behind it is the same from event to event but for a few values:
bytes that are known are recognised, not read again. Never a looser reading: what is not quite the same
is left to whoever reads in full."""

END_OF_HEAD = b"\r\n\r\n"
LENGTH = "content-length"
# In lower case; of one event only.
CHANGING = frozenset(
    (
        "lambda-runtime-aws-request-id",
        "lambda-runtime-deadline-ms",
        "lambda-runtime-trace-id",
        "lambda-runtime-invocation-id",
        LENGTH,
    )
)


class KnownAnswers:
    def __init__(self, accepted, head, headers):
        """`accepted`: the answer to a response, as bytes. `head`: the lines of an event's head without
        the empty one. `headers`: what it says, by names in lower case, a length among them."""
        # What the head of the last event says.
        self.headers = headers
        self._head_at = len(accepted)
        before = accepted.decode("latin-1")
        known = before + head + "\r\n"
        self._lines = known.count("\n")
        places = list(_places(head, len(before)))
        self._beginning = known[: places[0][1]]
        # Of each value that changes: name, start, end and what stands between it and the next.
        self._values = []
        for (name, start, end), behind in zip(places, [at for _, at, _ in places[1:]] + [None]):
            self._values.append((name, start, end, known[end:behind]))
        if (name, known[end:]) == (LENGTH, "\r\n"):
            # It has not always as many digits; up to the end it may.
            self._values[-1] = (name, start, None, "")

    def body_in(self, read):
        """The body of the event, where both answers are all there is, and of the event's head the lines
        are the same and the values as long as here. Then `headers` are its. Otherwise None, and they
        are nobody's."""
        end = read.find(END_OF_HEAD, self._head_at)
        if end < 0:
            return None
        text = read[: end + 2].decode("latin-1")
        if not text.startswith(self._beginning) or text.count("\n") != self._lines:
            return None
        headers = self.headers
        for name, start, stop, behind in self._values:
            if not text.startswith(behind, stop):
                return None
            headers[name] = text[start:stop].strip()
        body = read[end + 4 :]
        return body if len(body) == int(headers[LENGTH]) else None


def _places(head, at):
    """Name, start and end of each value that changes, in a text in which the head begins there."""
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() in CHANGING:
            start = at + len(line) - len(value.lstrip())
            yield name.lower(), start, start + len(value.strip())
        at += len(line) + 2
