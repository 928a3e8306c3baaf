# A step in another language: one read, and everything that could make two runs differ.
import os
import random
import sys
import time

from wit_world import exports
from wit_world.imports import database, interlock_step_types as step


class Diagnose(exports.Diagnose):
    def run(self, input: step.Input) -> step.Report:
        sessions = database.sessions("orders-db").get()
        print("hello", random.random(), time.time(), time.monotonic())
        try:
            open("/etc/passwd")
            files = "a file"
        except OSError:
            files = "no files"
        summary = f"{len(sessions.sessions)} sessions; {files}; {dict(os.environ)} {sys.argv[1:]}"
        return step.Report(summary, [], [], [], [], None, [repr(random.random()), repr(hash("x"))], None)
