# SPDX-License-Identifier: Apache-2.0
"""An init callback that takes a while, as those of plugins that connect somewhere."""

import time

import collectd

collectd.register_init(lambda: time.sleep(2.0))
