"""What holds for all tests: none is booked in a ledger, and none depends on how fast it runs.

They are no answers to anybody. A busy machine is slow, which is no reason to fail.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from heuron.infer.load import Engine

os.environ["HEURON_LEDGER"] = "off"

settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


@pytest.fixture(params=["fixpoint", "agenda"])
def definitions(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test twice: definitions on the fixpoint plan, and made to run on the agenda plan."""
    plan: str = request.param
    own = Engine.session

    def session(engine: Engine, host=None, limits=None, facts=True, strategy="depth", _=None):
        return own(engine, host, limits, facts, strategy, plan)

    monkeypatch.setattr(Engine, "session", session)
    return plan
