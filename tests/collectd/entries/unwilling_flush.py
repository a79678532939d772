# SPDX-License-Identifier: Apache-2.0
"""A flush callback that fails."""

import collectd


def flush(timeout: int, identifier: str) -> None:
    raise RuntimeError("not now")


collectd.register_flush(flush, name="unwilling_flush")
