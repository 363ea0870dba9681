"""Shopify's Admin API, the GraphQL one: products with variants, customers, metafields and webhooks."""

from sandbox.shopify.server import Server

__all__ = ["Server"]
