# SPDX-License-Identifier: Apache-2.0
"""What every test may ask for: the real services, each started once, when first asked for."""
