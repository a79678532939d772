# SPDX-License-Identifier: Apache-2.0
"""The DevStack plugin, run by DevStack's functions or by stand-ins for them."""
