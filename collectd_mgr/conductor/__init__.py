# SPDX-License-Identifier: Apache-2.0
"""Hears what the hosts say, settles operations, sends again what is unsettled, and notices who is gone.

Any number of conductors share the work: the bus deals out the batches, and what they write is conditional.
"""
