# SPDX-License-Identifier: Apache-2.0
"""Real RabbitMQ, Keystone, MariaDB and PostgreSQL for tests: on free loopback ports, in directories of their own."""
