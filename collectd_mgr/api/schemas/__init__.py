# SPDX-License-Identifier: Apache-2.0
"""The schemas of what goes in and out: they validate, and the OpenAPI document shows them."""
