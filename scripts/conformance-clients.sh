#!/usr/bin/env bash
# The AWS clients the conformance suite drives: the AWS CLI and boto3, from Debian when missing.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

missing=()
have aws && aws --version >/dev/null 2>&1 || missing+=(awscli)
have python3 && python3 -c 'import boto3' >/dev/null 2>&1 || missing+=(python3-boto3)
[ "${#missing[@]}" -eq 0 ] || install_packages "${missing[@]}"
