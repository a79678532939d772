# SPDX-License-Identifier: Apache-2.0
"""What collectd's Python plugin imports: the only file that knows the module ``collectd``.

::

    <Plugin python>
      ModulePath "/usr/lib/collectd_mgr"
      Import "collectd_mgr.extension.entry"
      <Module collectd_mgr>
        Socket "/run/collectd_mgr/collectd.sock"
        StateDir "/var/lib/collectd_mgr"
      </Module>
    </Plugin>
"""

import collectd

from collectd_mgr.extension.service import install

install(collectd)
