#!/usr/bin/env bash
# What the conformance suite makes its client images with: Debian's own AWS CLI and boto3, an old
# release and a current one, in containers.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

have mmdebstrap || install_packages mmdebstrap debian-archive-keyring
