# SPDX-License-Identifier: Apache-2.0
"""What collectd's Python plugin imports: the only file that knows the module ``collectd``.

``etc/collectd/collectd-mgr.conf`` shows how; ``settings.py`` has what its ``<Module>`` block may say.
"""

import collectd

from collectd_mgr.extension.service import install

install(collectd)
