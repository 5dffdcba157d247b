"""The example library's pool, led by a policy file, and with exhaustion by reason (coder-v2)."""

import json
import pathlib

import keypool

from . import classification

FIXTURES = pathlib.Path(__file__).parents[4] / "fixtures"


def load_policies(folder=FIXTURES):
    files = sorted((folder / "policies").glob("*.json"))
    return {policy["name"]: policy for policy in (json.loads(f.read_text()) for f in files)}


class Pool(keypool.KeyPool):
    policy = None  # a policy file's content

    def refused(self, key, answer, now, received_at):
        """Marks the key for an answer; True if the next key is to be tried."""
        verdict = classification.classify(
            self.policy, answer["status"], answer["headers"], answer["body"], received_at
        )
        if verdict["action"] == "permanent":
            self.mark_permanent(key)
        elif verdict["action"] == "temporary":
            self.mark_temporary(key, verdict["cooldown_ms"], now, verdict["reason"])
        return verdict["action"] != "surface"

    def exhausted(self, now):
        end = super().exhausted(now)
        reasons = {self.reason(k, now) for k in self.keys if self.state(k, now) == "temporary"}
        knows_reasons = self.policy["name"] != "coder-v1"
        if knows_reasons and end.retry_after_ms and reasons == {"unauthorized"}:
            end.kind = "unauthorized"
        return end
