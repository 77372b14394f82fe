import os
import platform

invocations = 0


def handler(event, context):
    global invocations
    invocations += 1
    print(f"invocation {invocations} of this environment")
    return {
        "message": f"{os.environ['GREETING']}, {event.get('name', 'world')}, from Python {platform.python_version()}",
        "requestId": context.aws_request_id,
        "invocations": invocations,
    }
