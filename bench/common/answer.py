"""What every upstream of a benchmark answers: small, and of a form that aimock, which knows no
other, can give as well."""

import json

ANSWER = json.dumps({
    "id": "chatcmpl-bench", "object": "chat.completion", "created": 1767225600,
    "model": "gpt-4o-mini",
    "choices": [{"index": 0,
                 "message": {"role": "assistant", "content": "Yes.", "refusal": None},
                 "logprobs": None, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}, separators=(",", ":"))
