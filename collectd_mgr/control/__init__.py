# SPDX-License-Identifier: Apache-2.0
"""What API and conductor share: desired state, how it gets to the hosts, and what becomes of it."""
