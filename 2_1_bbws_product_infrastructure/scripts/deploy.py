#!/usr/bin/env python3
"""Deploys the product infrastructure to one environment."""

from __future__ import annotations

import argparse

import terraform

REPOSITORY = "2_1_bbws_product_infrastructure"


def main() -> None:
    """Apply the Terraform and print where the API is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment", choices=terraform.environments())
    environment = parser.parse_args().environment

    terraform.apply(environment, REPOSITORY)
    print(f"{REPOSITORY}: the API of {environment} is at {terraform.outputs()['api_url']}")


if __name__ == "__main__":
    main()
