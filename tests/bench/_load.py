"""A process that sends one request over and over: reads what on stdin, writes requests a second to stdout.

`{n}` in the body is another number each time; `{pick}` in the path is one of `picks` in turn.
"""

import http.client
import os
import sys
import threading
import time
from typing import Any

import orjson


def main() -> int:
    """0 when every answer had the expected status."""
    given: dict[str, Any] = orjson.loads(sys.stdin.buffer.read())
    counts, wrong = [0] * given["clients"], threading.Event()
    begin = time.monotonic() + given["warm_up"]
    end = begin + given["seconds"]

    def send(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", given["port"], timeout=30)
        text, picks, sent = given["body"] or "", given.get("picks") or [""], number
        while (now := time.monotonic()) < end and not wrong.is_set():
            sent += given["clients"]
            body = text.replace("{n}", f"{os.getpid()}-{sent}-{given['port']}").encode() if text else None
            path = given["path"].replace("{pick}", picks[sent % len(picks)])
            connection.request(given["method"], path, body=body, headers=given["headers"])
            answer = connection.getresponse()
            answer.read()
            if answer.status != given["expect"]:
                sys.stderr.write(f"answered {answer.status}\n")
                wrong.set()
            elif now >= begin:
                counts[number] += 1

    threads = [threading.Thread(target=send, args=(number,)) for number in range(given["clients"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(str(sum(counts) / given["seconds"]))
    return 1 if wrong.is_set() else 0


if __name__ == "__main__":
    sys.exit(main())
