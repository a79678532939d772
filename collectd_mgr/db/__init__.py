# SPDX-License-Identifier: Apache-2.0
"""What the service remembers: SQLite, MariaDB or PostgreSQL through oslo.db. No decisions are made here."""
