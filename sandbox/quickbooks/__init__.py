"""QuickBooks Online: customers, items and what they hang on, through the Accounting API v3."""

from sandbox.quickbooks.server import Server

__all__ = ["Server"]
