# SPDX-License-Identifier: Apache-2.0
"""The extension in a collectd that it finds not to be the one it seemed, after it registered its callbacks."""

import collectd

from collectd_mgr.extension.live import Unfit
from collectd_mgr.extension.service import install


def grace(threads: object, daemon: object) -> object:
    raise Unfit("its lists are other ones")


install(collectd, grace=grace)
