# SPDX-License-Identifier: Apache-2.0
"""The REST API: can, call, render. It decides nothing that the conductor would have to know."""
