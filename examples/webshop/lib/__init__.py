# SPDX-License-Identifier: MPL-2.0
"""The webshop's parts; the programs are shop, bin/tune, bin/outage and bin/measure."""
