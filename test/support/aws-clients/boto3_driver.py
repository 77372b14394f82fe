"""Makes the calls that arrive as JSON lines with boto3; answers each with a line."""

import base64
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

client = boto3.client(
    "lambda",
    endpoint_url=sys.argv[1],
    config=Config(retries={"total_max_attempts": 1}),
)


def invoke(parameters):
    if "Payload" in parameters:
        parameters["Payload"] = base64.b64decode(parameters["Payload"])
    answer = client.invoke(**parameters)
    answer["Payload"] = base64.b64encode(answer["Payload"].read()).decode()
    return answer


def list_functions(_parameters):
    pages = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 1})
    return [function for page in pages for function in page["Functions"]]


OPERATIONS = {
    "invoke": invoke,
    "list_functions": list_functions,
    "get_function": lambda parameters: client.get_function(**parameters)["Configuration"],
    "get_function_configuration": lambda parameters: client.get_function_configuration(**parameters),
}

for line in sys.stdin:
    call = json.loads(line)
    try:
        answer = {"answer": OPERATIONS[call["operation"]](call["parameters"])}
    except ClientError as error:
        answer = {"failure": error.response["Error"]}
    print(json.dumps(answer, default=str), flush=True)
