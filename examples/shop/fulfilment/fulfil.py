"""The worker: each order of the queue leaves a report in the bucket."""

import json
import os

import boto3

s3 = boto3.client("s3")


def handler(event, context):
    failures = []
    for record in event["Records"]:
        try:
            order = json.loads(record["body"])
            report = {**order, "fulfilledBy": context.aws_request_id}
            s3.put_object(
                Bucket=os.environ["REPORTS_BUCKET"],
                Key=f"orders/{order['id']}.json",
                Body=json.dumps(report).encode(),
                ContentType="application/json",
            )
        except Exception as error:  # This message comes again; the others are done.
            print(f"{record['messageId']} failed: {error!r}")
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
