"""Answerers that misbehave; a worker process imports them by name."""

import os
import signal
import time

from analyzer.rest.language.respond import RestRequest, RestResponse
from analyzer.rest.server.authentication import Identity


class Odd:
    """Does what the path says."""

    def answer(self, request: RestRequest, _identity: Identity, _seconds: float) -> RestResponse:
        match request.path:
            case "/stuck":
                time.sleep(60)
            case "/huge":
                bytearray(1 << 40)
            case "/dead":  # as by the kernel, or by a library that cannot bear to run out
                os.kill(os.getpid(), signal.SIGKILL)
        return RestResponse(200, request.path.encode(), {})
