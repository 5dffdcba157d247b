"""Every mutant by its name. They are those that the modules of bugs/ register."""

from bug import MUTANTS  # noqa: F401
from bugs import answers, cooldowns, headers, states, transport, verdicts, walks  # noqa: F401

OVER_SOCKETS_ONLY = ("headers", "transport")  # rooms whose bugs are a gateway's
