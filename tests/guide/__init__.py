# SPDX-License-Identifier: Apache-2.0
"""Pages whose commands and requests are carried out: what they show is what there is.

With ``CM_RECORD=1`` in the environment, what came is written into the page instead of being compared with it.
"""
