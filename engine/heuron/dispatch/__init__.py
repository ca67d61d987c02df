"""Who answers a query: backends, policies, the dispatcher."""

from heuron.dispatch.dispatcher import Dispatcher

__all__ = ["Dispatcher"]
