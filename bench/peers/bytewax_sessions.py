# Runs Bytewax's tutorial "Building Sessions from Search Logs" on a log, and writes each session as JSON.

import json
import sys
from datetime import datetime, timedelta

import bytewax.operators as op
from bytewax.connectors.files import FileSink, FileSource
from bytewax.dataflow import Dataflow
from bytewax.operators import windowing as win
from bytewax.operators.windowing import EventClock, SessionWindower
from bytewax.run import cli_main


def user_event(line):
    """Parse a line of JSON, because the tutorial has its events in memory."""
    event = json.loads(line)
    event["time"] = datetime.fromisoformat(event["time"])
    return event["user"], event


def calc_ctr(window_out):
    """Count the clicks of a session, and find which searches got a click before the next one."""
    user, (_window_id, events) = window_out
    searches = []
    clicks = 0
    for event in events:
        if event["type"] == "Search":
            searches.append([event["eventId"], 0])
        elif event["type"] == "ClickResult":
            clicks += 1
            if searches:
                searches[-1][1] = 1
    session = {
        "user": user,
        "events": [event["eventId"] for event in events],
        "searches": searches,
        "clicks": clicks,
    }
    return user, json.dumps(session)


def event_clock(lateness, clock):
    """Make the clock of the tutorial, or one that does not wake sessions by the system's time.

    The tutorial's clock wakes each open session once the system's time has passed its end. In an
    old log that is always so.
    """
    options = {} if clock == "tutorial" else {"to_system_utc": lambda _utc: None}
    return EventClock(
        ts_getter=lambda event: event["time"],
        wait_for_system_duration=lateness,
        **options,
    )


def search_ctr(log, out, gap, lateness, clock):
    flow = Dataflow("search_ctr")
    lines = op.input("inp", flow, FileSource(log))
    events = op.map("user_event", lines, user_event)
    sessions = win.collect_window(
        "windowed_data",
        events,
        clock=event_clock(lateness, clock),
        windower=SessionWindower(gap=gap),
    )
    rates = op.map("calc_ctr", sessions.down, calc_ctr)
    op.output("out", rates, FileSink(out))
    return flow


def milliseconds(text):
    return timedelta(milliseconds=int(text))


if __name__ == "__main__":
    log, out, gap, lateness, clock = sys.argv[1:]
    cli_main(search_ctr(log, out, milliseconds(gap), milliseconds(lateness), clock))
    # The bench measures this process while it waits, and then ends it.
    print("done", flush=True)
    sys.stdin.read()
