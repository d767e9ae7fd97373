"""Runs a handler in the process that is measured, and says on stderr what that took, as a line of JSON.

python -I -S probe.py FOLDER[:FOLDER] REPETITIONS < EVENTS

Imports the least itself, and only what every handler imports as well. The first event is the cold start; then all
events take turns, as often as asked.
"""

from __future__ import annotations

import json
import resource
import sys
import time

# Until everything is loaded, and caches are full.
UNMEASURED = 3


class Context:
    """What of Lambda's context the handlers read."""

    function_name = "bbws-under-test-local"
    function_version = "1"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:bbws-under-test-local"
    aws_request_id = "8a6c1c3e-2f0b-4c55-9f43-1f5a6f0f2b11"

    def get_remaining_time_in_millis(self) -> int:
        """Return ample time."""
        return 30_000


def peak_kb() -> int:
    """Return the most memory that this process ever held.

    Linux lets a process inherit the peak of the one that started it, in what ``getrusage`` says.
    """
    try:
        with open("/proc/self/status") as status:  # noqa: PTH123 - pathlib isn't loaded in every function
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)


def succeeded(answer: dict[str, object]) -> bool:
    """Tell whether an answer is that of a request, or a batch, that went well."""
    return answer.get("statusCode") in (None, 200, 202, 204) and not answer.get("batchItemFailures")


def main() -> None:
    """Run the handler of a folder."""
    path, repetitions = sys.argv[1], int(sys.argv[2])
    events = json.load(sys.stdin)
    sys.path[:0] = path.split(":")
    from handler import handler  # type: ignore[import-not-found]

    answer = handler(events[0], Context())
    cold = {"processor": time.process_time(), "until": time.monotonic()}
    if not succeeded(answer):
        sys.exit(f"{path} answered {answer}")
    taken: list[tuple[float, float]] = []
    for repetition in range(repetitions):
        if repetition == UNMEASURED:
            taken = []
        for event in events:
            clock, processor = time.perf_counter(), time.process_time()
            answer = handler(event, Context())
            taken.append((time.perf_counter() - clock, time.process_time() - processor))
            if not succeeded(answer):
                sys.exit(f"{path} answered {answer}")
    clocks = [[clock for clock, _ in taken[number :: len(events)]] for number in range(len(events))]
    processors = [[processor for _, processor in taken[number :: len(events)]] for number in range(len(events))]
    print(json.dumps({"cold": cold, "clocks": clocks, "processors": processors, "peak_kb": peak_kb()}), file=sys.stderr)


if __name__ == "__main__":
    main()
