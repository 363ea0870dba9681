"""HubSpot's CRM: contacts, companies, deals, products, their properties, pipelines and associations."""

from sandbox.hubspot.server import Server

__all__ = ["Server"]
