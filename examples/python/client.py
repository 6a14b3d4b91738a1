#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""A client in Python. Controllers come from HELIOS_CONTROLLER or HELIOS_DATA.

usage: client.py run ACTION [PARAMS]          submits a task (parameters as JSON), prints its output at its end
       client.py query WHAT                   prints the answer as JSON, for example: client.py query status
       client.py events [PREFIX]              the present state, then events as JSON lines until Ctrl-C
       client.py publish KPI VALUE            one measurement
"""
import json
import sys

from helios import Client, Error


def run(client, action, params="{}"):
    end = client.run(action, json.loads(params))
    print(end.output or end.error or json.dumps(end.data))
    return end.state != "COMPLETED"


def query(client, what):
    print(json.dumps(client.query(what), default=repr))


def events(client, prefix=""):
    for event in client.events(prefix):
        print(json.dumps(event, default=repr), flush=True)


def publish(client, kpi, value):
    client.publish(kpi, float(value))


VERBS = {"run": run, "query": query, "events": events, "publish": publish}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in VERBS:
        sys.exit(__doc__)
    try:
        with Client() as connected:
            sys.exit(VERBS[sys.argv[1]](connected, *sys.argv[2:]))
    except (Error, ValueError) as error:
        sys.exit(str(error))
