# SPDX-License-Identifier: Apache-2.0
"""How the live-safety table is earned: facts, judgements, rounds on a real collectd, verdict."""
