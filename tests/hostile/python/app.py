# A step in another language: one read, a diagnosis that cites it, and everything that could reach
# outside or make two runs differ.
import os
import random
import secrets
import socket
import sys
import time
import uuid

from wit_world import exports
from wit_world.imports import clock, database, interlock_step_types as step


def attempt(name, reach):
    """What came of reaching outside: the error's kind, or that it worked."""
    try:
        reach()
    except Exception as error:
        return f"{name}: {type(error).__name__}"
    return f"{name}: reached"


def reaches():
    return [
        attempt("read a file", lambda: open("/etc/passwd").read()),
        attempt("list the root", lambda: os.listdir("/")),
        attempt("write a file", lambda: open("/tmp/from-a-step", "w").write("x")),
        attempt("connect", lambda: socket.create_connection(("127.0.0.1", 9), 1)),
        attempt("look up a name", lambda: socket.getaddrinfo("example.org", 80)),
        attempt("start a program", lambda: os.execv("/bin/sh", ["sh"])),
    ]


class Diagnose(exports.Diagnose):
    def run(self, input: step.Input) -> step.Report:
        asked = database.sessions("orders-db")
        sessions = asked.get().sessions
        stuck = [n for n, one in enumerate(sessions) if one.state == "idle in transaction"]
        print("seen", len(sessions), random.random(), time.time(), time.monotonic())
        cite = step.Cite(asked.call(), stuck, f"{len(stuck)} idle in transaction")
        check = step.Check("nothing is open", asked.call(), step.Checked_Passed(), "they are open")
        path = "open transactions keep their sessions"
        found = step.Hypothesis("idle_in_transaction", path, [cite], [], [check])
        notes = reaches() + [
            f"environment {dict(os.environ)}, arguments {sys.argv[1:]}",
            f"random {random.random()!r} {secrets.token_hex(8)} {uuid.uuid4()} {hash('x')}",
            f"clock {clock.now()} {time.time_ns()} {input.now}",
        ]
        return step.Report(
            f"{len(stuck)} of {len(sessions)} sessions hold transactions open.",
            [found],
            [],
            ["traffic_surge"],
            [],
            None,
            notes,
            None,
        )
