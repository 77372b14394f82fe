import json
import os
import socket
import sys
api = os.environ["AWS_LAMBDA_RUNTIME_API"]
marker = os.environ.pop("_ORCHESTRATOR_LOG_MARKER", None)
host, port = api.split(":")
s = socket.create_connection((host, int(port)))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
NEXT = ("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\n\r\n" % api).encode()
buf = b""
def answer():
    global buf
    while True:
        end = buf.find(b"\r\n\r\n")
        if end >= 0:
            head = {}
            for line in buf[:end].decode("latin1").split("\r\n")[1:]:
                k, v = line.split(":", 1)
                head[k.lower()] = v.strip()
            n = int(head.get("content-length", "0"))
            if len(buf) >= end + 4 + n:
                body = buf[end + 4:end + 4 + n]
                buf = buf[end + 4 + n:]
                return head, body
        d = s.recv(65536)
        if not d:
            sys.exit(1)
        buf += d
def mark(what):
    if marker:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(1, ("\x1e%s %s\n" % (marker, what)).encode())
def post(path, data, nxt):
    s.sendall(("POST /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (path, api, len(data))).encode() + data + (NEXT if nxt else b""))
class Context: pass
sys.path.insert(0, "/var/task")
mod, fn = os.environ["_HANDLER"].rsplit(".", 1)
try:
    import importlib
    handler = getattr(importlib.import_module(mod.replace("/", ".")), fn)
except BaseException as e:
    mark("init")
    post("init/error", json.dumps({"errorMessage": str(e), "errorType": type(e).__name__, "requestId": "", "stackTrace": []}).encode(), False)
    answer()
    sys.exit(1)
mark("init")
s.sendall(NEXT)
while True:
    head, body = answer()
    rid = head["lambda-runtime-aws-request-id"]
    ctx = Context(); ctx.aws_request_id = rid
    try:
        r = json.dumps(handler(json.loads(body), ctx)).encode()
        mark(rid)
        post("invocation/%s/response" % rid, r, True)
    except Exception as e:
        mark(rid)
        post("invocation/%s/error" % rid, json.dumps({"errorMessage": str(e), "errorType": type(e).__name__, "requestId": rid, "stackTrace": []}).encode(), True)
    answer()
