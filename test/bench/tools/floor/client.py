"""The floor's runtime client for Python: http.client, one keep-alive connection, nothing clever."""

import http.client
import json
import os
import sys

sys.path.insert(0, "/var/task")
from app import handler  # noqa: E402

connection = http.client.HTTPConnection(os.environ["FLOOR_RELAY"])
while True:
    connection.request("GET", "/next")
    response = connection.getresponse()
    event = json.loads(response.read())
    request_id = response.getheader("lambda-runtime-aws-request-id")
    body = json.dumps(handler(event, None)).encode()
    connection.request("POST", "/response/" + request_id, body)
    connection.getresponse().read()
