# SPDX-License-Identifier: Apache-2.0
"""Makes collectd a process whose memory nobody but root may look at, as capabilities of its file make it."""

import ctypes

_PR_SET_DUMPABLE = 4

ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
