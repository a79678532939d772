# SPDX-License-Identifier: Apache-2.0
"""The options of the services, a module per section. ``conf`` is an argument everywhere, never a global."""
