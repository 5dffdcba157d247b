"""Every mutant by its name. They are those that the modules of bugs/ register."""

from bug import MUTANTS  # noqa: F401
from bugs import admission, answers, cooldowns, headers, limits, paperwork, states  # noqa: F401
from bugs import transport, uploads, verdicts, walks  # noqa: F401

# Rooms whose bugs are a gateway's.
OVER_SOCKETS_ONLY = ("admission", "headers", "limits", "paperwork", "transport", "uploads")
