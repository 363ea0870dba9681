"""Salesforce's REST API: any object by describe, SOQL, single records, collections, external ids."""

from sandbox.salesforce.server import Server

__all__ = ["Server"]
