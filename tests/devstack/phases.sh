#!/usr/bin/env bash
# shellcheck disable=SC1090,SC1091  # what is sourced is somewhere else
# SPDX-License-Identifier: Apache-2.0
#
# Usage: tests/devstack/phases.sh PLUGIN "MODE [PHASE]"...
#
# Runs phases of the plugin in the directory PLUGIN as stack.sh, unstack.sh and clean.sh do, one process for all of them.
# With DEVSTACK in the environment it uses the functions of the DevStack in that directory, else stand-ins. LOCALRC is a
# file of what local.conf would have; commands on PATH do no harm.
set -o errexit

plugin=$1
shift

use_devstack() {
    TOP_DIR=$DEVSTACK
    source "$TOP_DIR/functions"
    source "$TOP_DIR/stackrc"
    # stackrc has its own words on some of it.
    source "$LOCALRC"
    GetDistro
    source "$TOP_DIR/lib/database"
    source "$TOP_DIR/lib/rpc_backend"
    initialize_database_backends || true
    source "$TOP_DIR/lib/apache"
    source "$TOP_DIR/lib/tls"
    source "$TOP_DIR/lib/keystone"
    [ -z "${DATABASE_TYPE:-}" ] || define_database_baseurl
}

source "$LOCALRC"
if [ -n "${DEVSTACK:-}" ]; then
    use_devstack
else
    source "$(dirname "$0")/standins.sh"
fi

[ "$1" != "stack install" ] || source "$plugin/override-defaults"
source "$plugin/settings"
for phase in "$@"; do
    # shellcheck disable=SC2086  # two words
    source "$plugin/plugin.sh" $phase
done
