# SPDX-License-Identifier: MPL-2.0
"""The production's parts; each program of bin/ is a few lines over one of them."""
