# Sends UBI documents, one a line, as they are: pip install boto3; python ubi.py < ubi.ndjson

import json
import os
import random
import sys
import time
from itertools import islice

import boto3

STREAM = os.environ["STREAM"]
TRIES_MAX = 8
kinesis = boto3.client("kinesis")


def record(line):
    document = json.loads(line)
    return {"PartitionKey": document.get("client_id") or "none", "Data": line.encode()}


documents = (line for line in sys.stdin if "client_id" in line)
while records := [record(line) for line in islice(documents, 500)]:
    for tries in range(TRIES_MAX):
        outcomes = kinesis.put_records(StreamName=STREAM, Records=records)["Records"]
        records = [one for one, outcome in zip(records, outcomes) if "ErrorCode" in outcome]
        if not records:
            break
        time.sleep(min(5, 0.1 * 2**tries) * random.uniform(0.5, 1))
    else:
        sys.exit(f"{len(records)} documents were not sent")
