"""Feeds a running server and keeps every checkpoint seen on the way.

    feed.py URL KEY LOG CHECKPOINTS EVENTS

Posts EVENTS events in batches of growing size, reads the checkpoint after each batch, and writes each new one to the
file CHECKPOINTS as a JSON string a line, oldest first. Uses the standard library only.
"""
import json
import sys
import urllib.request


def call(url, key, body=None):
    headers = {"Authorization": "Bearer " + key, "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


def event(number):
    return {
        "id": "evt_interop_%d" % number,
        "operation": ["deployment.created", "environment_variable.updated", "user.logged_in"][number % 3],
        "actor": {"id": number % 17, "email": "user%d@example.com" % (number % 17), "name": "Zoë \U0001f600"},
        "origin": {"ip": "203.0.113.%d" % (number % 250)},
        "resource": {"type": "deployment", "id": "dpl_%d" % number, "project_id": "proj_%d" % (number % 5)},
        "changes": [{"field": "replicas", "before": number, "after": number + 0.5}],
        "metadata": {"note": "line\none\ttwo \u20ac \u2028", "nested": {"b": [1, 2.50, -0.0, True, None], "a": {}}},
    }


def main():
    url, key, log, path, total = sys.argv[1:5] + [int(sys.argv[5])]
    done, size, seen = 0, 1, []
    while done < total:
        batch = [event(number) for number in range(done, min(done + size, total))]
        answer = json.loads(call(url + "/v1/events?wait=checkpoint", key, batch))
        if answer["stored"] != len(batch):
            sys.exit("feed: %d of %d stored: %r" % (answer["stored"], len(batch), answer))
        done += len(batch)
        size = min(size * 2 + 1, 700)
        note = call("%s/v1/logs/%s/checkpoint" % (url, log), key)
        if not seen or seen[-1] != note:
            seen.append(note)
    with open(path, "w", encoding="utf-8") as out:
        for note in seen:
            out.write(json.dumps(note) + "\n")
    if len(seen) < 5:
        sys.exit("feed: only %d checkpoints" % len(seen))
    print("fed %d events, kept %d checkpoints" % (done, len(seen)))


main()
