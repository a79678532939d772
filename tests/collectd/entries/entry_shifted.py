# SPDX-License-Identifier: Apache-2.0
"""The extension in a collectd whose entries of reads lie a little otherwise than it thinks."""

import struct

import collectd

from collectd_mgr.extension import readers
from collectd_mgr.extension.service import install

readers._READ = struct.Struct("QQQ QQQQ 128s Q i 4x 16x QQQ")

install(collectd)
