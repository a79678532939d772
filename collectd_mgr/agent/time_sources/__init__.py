# SPDX-License-Identifier: Apache-2.0
"""Time services of a host: what each says of its clock, and how it is asked to correct it."""
