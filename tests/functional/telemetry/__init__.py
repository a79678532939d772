# SPDX-License-Identifier: Apache-2.0
"""The chain into Ceilometer, Gnocchi and Aodh, which are there for these tests alone."""
