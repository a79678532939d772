# SPDX-License-Identifier: Apache-2.0
"""tinyd, and the driver that manages it."""
