"""The desk itself, without Qt: rules, keys, papers, bundles and the services that join them."""

PRODUCT = "Rufaa"
VERSION = "0.1.0"
