# SPDX-License-Identifier: Apache-2.0
"""The bus: the only place that speaks oslo.messaging.

No eventlet: oslo.messaging and what it stands on import it when it is installed, with its
DNS code and a quarter of the memory. So it is made to look absent before they are imported.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
sys.modules.setdefault("eventlet", None)  # type: ignore[arg-type]

from oslo_service import backend  # noqa: E402

backend.init_backend(backend.BackendType.THREADING)
