"""A plugin of pytest for `adoption.py`: what an ASGI application answers is waited for longer.

asgiref's communicator gives an application a second for each answer, which is too short where
other work runs beside the tests.
"""

from __future__ import annotations

from typing import Any

from asgiref.testing import ApplicationCommunicator

SECONDS = 30
_receive = ApplicationCommunicator.receive_output


async def receive_output(self: ApplicationCommunicator, timeout: float = 1) -> Any:
    return await _receive(self, max(timeout, SECONDS))


ApplicationCommunicator.receive_output = receive_output  # type: ignore[method-assign]
