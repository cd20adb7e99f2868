"""A calendar program by the library caldav: makes a calendar and an event, finds it, and deletes both.

The environment says where the server is (URL), whose certificates count (CA) and the TOKEN. The library
asks without credentials first, and sends what the answer asks for. Prints what it saw, as JSON.
"""

import json
import os
from datetime import datetime, timezone

import caldav

client = caldav.DAVClient(
    url=os.environ["URL"],
    username="me",
    password=os.environ["TOKEN"],
    ssl_verify_cert=os.environ["CA"],
)
versions, statuses = set(), []


def note(answer, *_, **__):
    """Every answer, those included that ask for credentials."""
    versions.add(answer.http_version)
    statuses.append(f"{answer.request.method} {answer.status_code}")


client.session.hooks["response"].append(note)

principal = client.principal()
calendar = principal.make_calendar(name="Deliveries")
calendar.add_event(
    dtstart=datetime(2026, 12, 1, 9, tzinfo=timezone.utc),
    dtend=datetime(2026, 12, 1, 10, tzinfo=timezone.utc),
    summary="Tea",
)
december = {
    "start": datetime(2026, 12, 1, tzinfo=timezone.utc),
    "end": datetime(2027, 1, 1, tzinfo=timezone.utc),
    "event": True,
}
found = calendar.search(**december)
summaries = [str(event.icalendar_component["summary"]) for event in found]
for event in found:
    event.delete()
left = len(calendar.search(**december))
calendar.delete()

print(
    json.dumps(
        {
            "principal": str(principal.url),
            "summaries": summaries,
            "left": left,
            "versions": sorted(versions),
            "statuses": statuses,
        }
    )
)
