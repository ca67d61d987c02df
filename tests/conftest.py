"""What holds for all tests: they are no answers to anybody, so none is booked in a ledger."""

from __future__ import annotations

import os

os.environ["HEURON_LEDGER"] = "off"
