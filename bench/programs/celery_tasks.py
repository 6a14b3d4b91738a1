# SPDX-License-Identifier: MPL-2.0
"""Celery as a task queue: its broker and its results in the Redis at CELERY_REDIS. As a program: submits N tasks of 64 bytes, waits for
every result, prints tasks/s."""

import os
import sys
import time

from celery import Celery

URL = f"redis+socket://{os.environ['CELERY_REDIS']}"
app = Celery("bench", broker=URL, backend=f"{URL}?virtual_host=1")
app.conf.update(task_serializer="json", result_serializer="json", accept_content=["json"], worker_prefetch_multiplier=64, task_acks_late=True,
                worker_send_task_events=False)


@app.task(name="echo")
def echo(text):
    return text


if __name__ == "__main__":
    count = int(sys.argv[1])
    echo.delay("x" * 64).get(timeout=30)  # the worker is there
    began = time.monotonic()
    for result in [echo.delay("x" * 64) for _ in range(count)]:
        result.get(timeout=60)
    print(count / (time.monotonic() - began))
