# Sends one user's search, its results and a click: pip install boto3; python producer.py

import json
import os
import random
import time
import uuid
from datetime import datetime, timezone

import boto3

STREAM = os.environ["STREAM"]
TRIES_MAX = 8
kinesis = boto3.client("kinesis")


def event(kind, user, **fields):
    """Adds an id and a time before the first try, so that every retry is the same event."""
    identity = {"eventId": str(uuid.uuid4()), "time": datetime.now(timezone.utc).isoformat()}
    return {"type": kind, "user": user, **identity, **fields}


def send(events):
    """Sends at most 500 events and 5 MiB. A request may fail for some records: it sends only those again."""
    records = [{"PartitionKey": str(e["user"]), "Data": json.dumps(e).encode()} for e in events]
    for tries in range(TRIES_MAX):
        outcomes = kinesis.put_records(StreamName=STREAM, Records=records)["Records"]
        records = [record for record, outcome in zip(records, outcomes) if "ErrorCode" in outcome]
        if not records:
            return
        time.sleep(min(5, 0.1 * 2**tries) * random.uniform(0.5, 1))
    raise RuntimeError(f"{len(records)} events were not sent")


send(
    [
        event("Search", "python", searchId="p1", query="dogs"),
        event("Results", "python", searchId="p1", items=["fido", "rover", "rex"]),
        event("ClickResult", "python", searchId="p1", item="rover"),
    ]
)
