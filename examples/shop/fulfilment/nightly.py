"""Every night: how much has been ordered."""

import json
import os

import boto3

s3 = boto3.client("s3")


def handler(event, context):
    bucket = os.environ["REPORTS_BUCKET"]
    count, total = 0, 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="orders/"):
        for entry in page.get("Contents", []):
            order = json.load(s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"])
            count += 1
            total += order["amount"]
    day = event["time"][:10]
    report = {"day": day, "orders": count, "amount": total}
    s3.put_object(Bucket=bucket, Key=f"nightly/{day}.json", Body=json.dumps(report).encode())
    return report
