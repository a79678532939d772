# SPDX-License-Identifier: Apache-2.0
"""Control of stock collectd daemons over the OpenStack bus.

This file imports nothing: collectd's embedded Python loads the package too.
"""
