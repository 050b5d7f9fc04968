"""Pure billing arithmetic: a contract's terms and a period's activity in, charge lines out.

Nothing here reads a clock, a database or a setting. Amounts are ``Decimal``; quotients that have
no finite decimal form (a day's part of a month) stay ``Fraction`` until they are rounded once.
"""
