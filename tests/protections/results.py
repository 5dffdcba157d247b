"""What came out, kept in a file from the first test on, so that an interrupted run can go on."""

import concurrent.futures
import json


class Results:
    def __init__(self, path, mark, fresh):
        """What came out of the same sources, which `mark` is of, is gone on from."""
        self._path, self._mark = path, mark
        self._found = {}  # (switch or None, test) to what came out
        if path is not None and path.is_file() and not fresh:
            for entry in json.loads(path.read_text(encoding="utf-8"))["results"]:
                if entry.get("mark") == mark:
                    self._found[entry["switched_off"], entry["test"]] = entry

    def fill(self, wanted, outcome_of, jobs, again):
        """`wanted`: (switch or None, test) in order; what is known is not tried, but for `again`.
        `outcome_of` takes its index."""
        missing = [at for at, one in enumerate(wanted) if again or one not in self._found]
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            tried = {pool.submit(outcome_of, at): at for at in missing}
            try:
                for done, future in enumerate(concurrent.futures.as_completed(tried), 1):
                    switch, test = wanted[tried[future]]
                    self._keep(switch, test, future.result())
                    print(f"{done}/{len(missing)} {switch or 'nothing'}: {test}: "
                          f"{self._verdict(switch, test)}", flush=True)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)  # begins no more if interrupted

    def _keep(self, switch, test, outcome):
        self._found[switch, test] = {
            "switched_off": switch, "test": test, "passed": outcome.passed,
            "mark": self._mark, "reason": "" if outcome.passed else outcome.reason,
            "said": outcome.said[-6000:]}
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(".part")
        unfinished.write_text(json.dumps({"results": list(self._found.values())}, indent=1) + "\n",
                              encoding="utf-8")
        unfinished.replace(self._path)

    def _verdict(self, switch, test):
        passed = self._found[switch, test]["passed"]
        if switch is None:
            return "passes" if passed else "FAILS"
        return "UNNOTICED" if passed else "noticed"

    def wrong(self, switches):
        for test in sorted({test for one in switches for test in one.kills}):
            if not self._found[None, test]["passed"]:
                yield f"{test} fails with nothing switched off:\n{self._found[None, test]['said']}"
        for one in switches:
            for test in one.kills:
                if self._found[one.name, test]["passed"]:
                    yield f"{test} does not notice that {one.name} is switched off"

    def summary(self, switches):
        times = sum(len(one.kills) for one in switches)
        return f"{len(switches)} switches, noticed by {times} of the {times} tests that they name"

    def markdown(self, switches):
        lines = ["| switched off | test | | it says |", "| --- | --- | --- | --- |"]
        for one in switches:
            for test in one.kills:
                if (one.name, test) not in self._found:
                    lines.append(f"| {one.name} | `{test}` | not tried | |")
                    continue
                reason = self._found[one.name, test]["reason"].replace("|", "\\|")
                lines.append(
                    f"| {one.name} | `{test}` | {self._verdict(one.name, test)} | {reason} |")
        return "\n".join(lines) + "\n"
