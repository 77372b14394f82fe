"""Makes the calls that arrive as JSON lines with boto3; answers each with a line.

Blobs travel as {"$bytes": base64}. Nothing is checked before it is sent; each answer is held to
the model that botocore carries.
"""

import base64
import datetime
import json
import sys

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.eventstream import EventStream
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

client = boto3.client(
    "lambda",
    endpoint_url=sys.argv[1],
    config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
)
model = client.meta.service_model


def decoded(value):
    if isinstance(value, dict):
        if set(value) == {"$bytes"}:
            return base64.b64decode(value["$bytes"])
        return {key: decoded(one) for key, one in value.items()}
    return [decoded(one) for one in value] if isinstance(value, list) else value


def encoded(value):
    if isinstance(value, dict):
        return {key: encoded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [encoded(one) for one in value]
    if isinstance(value, EventStream):
        return [encoded(event) for event in value]
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    return value.isoformat() if isinstance(value, datetime.datetime) else value


def call(operation, parameters):
    answer = getattr(client, xform_name(operation))(**decoded(parameters))
    answer.pop("ResponseMetadata")
    shape = model.operation_model(operation).output_shape
    if shape is not None:
        report = ParamValidator().validate(
            {
                key: value
                for key, value in answer.items()
                if not hasattr(value, "read") and not isinstance(value, EventStream)
            },
            shape,
        )
        if report.has_errors():
            raise ValueError(f"the answer to {operation} does not fit the model: {report.generate_report()}")
    return encoded(answer)


def list_functions():
    pages = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 1})
    return [function for page in pages for function in page["Functions"]]


print(json.dumps({"version": boto3.__version__, "operations": model.operation_names}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    try:
        if asked["operation"] == "every function":
            answer = {"answer": list_functions()}
        else:
            answer = {"answer": call(asked["operation"], asked["parameters"])}
    except ClientError as error:
        answer = {"failure": error.response["Error"]}
    except Exception as error:
        answer = {"problem": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer, default=str), flush=True)
