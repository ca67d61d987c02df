"""What holds for all tests: none is booked in a ledger, and none depends on how fast it runs.

They are no answers to anybody. A busy machine is slow, which is no reason to fail.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

os.environ["HEURON_LEDGER"] = "off"

settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")
