#!/usr/bin/env bash
# shellcheck disable=SC2153,SC2154  # DevStack and settings set them
# SPDX-License-Identifier: Apache-2.0
#
# collectd_mgr in DevStack, sourced by stack.sh, unstack.sh and clean.sh: plugin.sh MODE [PHASE]
#
# Functions with _api_ concern the nodes of the control plane, those with _agent_ every node.

_XTRACE_COLLECTD_MGR=$(set +o | grep xtrace)
set +o xtrace

COLLECTD_MGR_BIN_DIR=$(get_python_exec_prefix)

function is_collectd_mgr_control {
    is_service_enabled collectd-mgr-api collectd-mgr-conductor
}

function collectd_mgr_install {
    setup_develop "$COLLECTD_MGR_DIR"
    if is_service_enabled collectd-mgr-agent; then
        collectd_mgr_install_collectd
        collectd_mgr_remember_collectd
    fi
}

# Debian's collectd does not start as long as it has no collectd.conf.
function collectd_mgr_install_collectd {
    if is_fedora; then
        install_package collectd collectd-python
    else
        # The second one has the libpython that collectd's python plugin is linked to.
        install_package collectd-core libpython3-dev
    fi
}

# Whether the package's collectd starts with the machine, and whether it runs, before we touch it: clean.sh has it so again.
function collectd_mgr_remember_collectd {
    local was=""
    if [ -e "$COLLECTD_MGR_COLLECTD_WAS" ]; then
        return
    fi
    if systemctl is-enabled --quiet collectd; then
        was+="enabled "
    fi
    if systemctl is-active --quiet collectd; then
        was+="active "
    fi
    sudo install -d -m 0750 -o "$STACK_USER" "$COLLECTD_MGR_CONF_DIR"
    echo "$was" >"$COLLECTD_MGR_COLLECTD_WAS"
}

function collectd_mgr_collectd_was {
    grep -qsw "$1" "$COLLECTD_MGR_COLLECTD_WAS"
}

function collectd_mgr_configure {
    sudo install -d -m 0750 -o "$STACK_USER" "$COLLECTD_MGR_CONF_DIR"
    rm -f "$COLLECTD_MGR_CONF"
    install -m 0640 /dev/null "$COLLECTD_MGR_CONF"
    iniset "$COLLECTD_MGR_CONF" DEFAULT debug "$ENABLE_DEBUG_LOG_LEVEL"
    setup_logging "$COLLECTD_MGR_CONF"
    iniset_rpc_backend collectd-mgr "$COLLECTD_MGR_CONF" DEFAULT "$COLLECTD_MGR_VHOST"
    if is_collectd_mgr_control; then
        collectd_mgr_configure_api
    fi
    if is_service_enabled ceilometer-anotification ceilometer-acompute ceilometer-acentral; then
        collectd_mgr_configure_telemetry
    fi
    if is_service_enabled ceilometer-anotification; then
        collectd_mgr_configure_ceilometer
    fi
    if is_service_enabled collectd-mgr-agent; then
        collectd_mgr_configure_agent
        collectd_mgr_configure_collectd
    fi
}

function collectd_mgr_configure_api {
    local connection
    # DevStack's character set has no letter of more than three bytes.
    connection=$(database_connection_url "$COLLECTD_MGR_DATABASE" | sed -E 's/charset=utf8(&|$)/charset=utf8mb4\1/')
    iniset "$COLLECTD_MGR_CONF" database connection "$connection"
    iniset "$COLLECTD_MGR_CONF" secrets fernet_keys "$("$COLLECTD_MGR_BIN_DIR/collectd-mgr-manage" secrets new)"
    configure_keystone_authtoken_middleware "$COLLECTD_MGR_CONF" collectd-mgr
    iniset "$COLLECTD_MGR_CONF" keystone_authtoken service_token_roles service
    iniset "$COLLECTD_MGR_CONF" keystone_authtoken service_token_roles_required True

    local address="0.0.0.0:$COLLECTD_MGR_SERVICE_PORT"
    if is_service_enabled tls-proxy; then
        address="127.0.0.1:$COLLECTD_MGR_SERVICE_PORT_INT"
        iniset "$COLLECTD_MGR_CONF" oslo_middleware enable_proxy_headers_parsing True
    fi
    write_uwsgi_config "$COLLECTD_MGR_UWSGI_CONF" "$COLLECTD_MGR_UWSGI" "" "$address" collectd-mgr-api
    iniset "$COLLECTD_MGR_UWSGI_CONF" uwsgi threads "$COLLECTD_MGR_API_THREADS"
}

function collectd_mgr_configure_telemetry {
    local project
    project=$(get_or_create_project "$COLLECTD_MGR_TELEMETRY_PROJECT" default)
    iniset "$COLLECTD_MGR_CONF" publisher project_id "$project"
    iniset "$COLLECTD_MGR_CONF" oslo_messaging_notifications driver messagingv2
    iniset "$COLLECTD_MGR_CONF" oslo_messaging_notifications transport_url "$(get_notification_url)"
}

# Before Ceilometer's agents start, in the phase after this.
function collectd_mgr_configure_ceilometer {
    local exchanges
    # Without a virtual environment our programs are in /usr/local/bin, and Python is not.
    PATH="$COLLECTD_MGR_BIN_DIR:$PATH" python3 "$COLLECTD_MGR_DIR/devstack/files/ceilometer_definitions.py" \
        "$CEILOMETER_CONF_DIR" "$COLLECTD_MGR_DIR/etc/ceilometer"
    exchanges=$(iniget_multiline "$CEILOMETER_CONF" notification notification_control_exchanges)
    if ! [[ " $exchanges " == *" collectd_mgr_telemetry "* ]]; then
        # shellcheck disable=SC2086  # several
        iniset_multiline "$CEILOMETER_CONF" notification notification_control_exchanges \
            ${exchanges:-$COLLECTD_MGR_CEILOMETER_EXCHANGES} collectd_mgr_telemetry
    fi
}

function collectd_mgr_configure_agent {
    iniset "$COLLECTD_MGR_CONF" agent host "$COLLECTD_MGR_HOST"
    iniset "$COLLECTD_MGR_CONF" agent mode "$COLLECTD_MGR_MODE"
    iniset "$COLLECTD_MGR_CONF" agent mode_file "$COLLECTD_MGR_CONF_DIR/mode"
    iniset "$COLLECTD_MGR_CONF" agent allowlist_file "$COLLECTD_MGR_CONF_DIR/allowlist.toml"
    iniset "$COLLECTD_MGR_CONF" agent state_dir "$COLLECTD_MGR_STATE_DIR"
    iniset "$COLLECTD_MGR_CONF" collectd daemon "$COLLECTD_MGR_DAEMON"
    iniset "$COLLECTD_MGR_CONF" collectd binary "$COLLECTD_MGR_COLLECTD"
    iniset "$COLLECTD_MGR_CONF" collectd plugin_dir "$COLLECTD_MGR_PLUGIN_DIR"
    iniset "$COLLECTD_MGR_CONF" collectd config_file "$COLLECTD_MGR_COLLECTD_CONF"
    iniset "$COLLECTD_MGR_CONF" collectd managed_dir "$COLLECTD_MGR_STATE_DIR/collectd.conf.d"
    iniset "$COLLECTD_MGR_CONF" collectd socket "$COLLECTD_MGR_RUN_DIR/collectd.sock"
    # The agent takes an allow-list from root only.
    sudo install -m 0644 -o root "$COLLECTD_MGR_DIR/etc/collectd-mgr/allowlist.toml" "$COLLECTD_MGR_CONF_DIR"
    # DevStack's units have no RuntimeDirectory.
    echo "d $COLLECTD_MGR_RUN_DIR 0700 root root -" | sudo tee "$COLLECTD_MGR_TMPFILES_DIR/collectd-mgr.conf" >/dev/null
    sudo systemd-tmpfiles --create "$COLLECTD_MGR_TMPFILES_DIR/collectd-mgr.conf"
}

# One line at the end of collectd.conf, which includes the rest. A collectd.conf that is there stays as it is otherwise.
function collectd_mgr_configure_collectd {
    local snippet=$COLLECTD_MGR_CONF_DIR/collectd-snippet.conf
    "$COLLECTD_MGR_BIN_DIR/collectd-mgr-agent" --config-file "$COLLECTD_MGR_CONF" --print-snippet >"$snippet"
    if ! [ -e "$COLLECTD_MGR_COLLECTD_CONF" ]; then
        sed "s/@HOST@/$COLLECTD_MGR_HOST/" "$COLLECTD_MGR_DIR/devstack/files/collectd.conf" |
            sudo tee "$COLLECTD_MGR_COLLECTD_CONF" >/dev/null
    fi
    if ! grep -qF "Include \"$snippet\"" "$COLLECTD_MGR_COLLECTD_CONF"; then
        echo "Include \"$snippet\"" | sudo tee -a "$COLLECTD_MGR_COLLECTD_CONF" >/dev/null
    fi
}

function collectd_mgr_init {
    if is_service_enabled rabbit; then
        rpc_backend_add_vhost "$COLLECTD_MGR_VHOST"
    fi
    if is_collectd_mgr_control; then
        recreate_database "$COLLECTD_MGR_DATABASE"
        "$COLLECTD_MGR_BIN_DIR/collectd-mgr-manage" --config-file "$COLLECTD_MGR_CONF" db sync
        collectd_mgr_create_accounts
    fi
    if is_service_enabled ceilometer-anotification && is_service_enabled gnocchi-api; then
        # As the admin: the type of resource has to be there before the first sample.
        env OS_AUTH_URL="$KEYSTONE_SERVICE_URI" OS_USERNAME=admin OS_PASSWORD="$ADMIN_PASSWORD" \
            OS_PROJECT_NAME=admin OS_USER_DOMAIN_ID=default OS_PROJECT_DOMAIN_ID=default \
            OS_REGION_NAME="$REGION_NAME" "$COLLECTD_MGR_BIN_DIR/collectd-mgr-manage" gnocchi create
    fi
}

function collectd_mgr_url {
    echo "$COLLECTD_MGR_SERVICE_PROTOCOL://$COLLECTD_MGR_SERVICE_HOST:$COLLECTD_MGR_SERVICE_PORT"
}

function collectd_mgr_create_accounts {
    # The role "service", which every service user gets, is all it takes to validate tokens.
    create_service_user collectd-mgr
    get_or_create_service collectd-mgr collectd-mgr "collectd on every host"
    get_or_create_endpoint collectd-mgr "$REGION_NAME" "$(collectd_mgr_url)"
}

# Starts the API, and a proxy that ends TLS before it where DevStack has one.
function collectd_mgr_start_api {
    run_process collectd-mgr-api \
        "$(which uwsgi) --procname-prefix collectd-mgr-api --ini $COLLECTD_MGR_UWSGI_CONF" \
        "" "" "COLLECTD_MGR_CONFIG_FILES=$COLLECTD_MGR_CONF"
    if is_service_enabled tls-proxy; then
        start_tls_proxy collectd-mgr '*' "$COLLECTD_MGR_SERVICE_PORT" 127.0.0.1 "$COLLECTD_MGR_SERVICE_PORT_INT"
    fi
    if ! wait_for_service "$SERVICE_TIMEOUT" "$(collectd_mgr_url)/healthcheck"; then
        die $LINENO "collectd-mgr-api did not start"
    fi
}

# Starts the agent, and collectd once more: from then on it needs no restart. The agent has the extension in place first.
function collectd_mgr_start_agent {
    local extension=$COLLECTD_MGR_STATE_DIR/extension
    if [[ "$COLLECTD_MGR_DAEMON" == child ]]; then
        # The package's unit would run a second one beside it, now or after a boot.
        sudo systemctl disable --now collectd
    fi
    run_process collectd-mgr-agent \
        "$COLLECTD_MGR_BIN_DIR/collectd-mgr-agent --config-file $COLLECTD_MGR_CONF" root root
    if [[ "$COLLECTD_MGR_DAEMON" == systemd ]]; then
        test_with_retry "sudo test -e $extension" "collectd-mgr-agent did not start" "$SERVICE_TIMEOUT"
        restart_service collectd
    fi
}

function collectd_mgr_start {
    if is_service_enabled collectd-mgr-api; then
        collectd_mgr_start_api
    fi
    run_process collectd-mgr-conductor \
        "$COLLECTD_MGR_BIN_DIR/collectd-mgr-conductor --config-file $COLLECTD_MGR_CONF"
    if is_service_enabled collectd-mgr-agent; then
        collectd_mgr_start_agent
    fi
}

# collectd goes on, as it does whenever an agent ends.
function collectd_mgr_stop {
    stop_process collectd-mgr-agent
    stop_process collectd-mgr-conductor
    stop_process collectd-mgr-api
}

# collectd.conf is as it was before; a collectd that we brought along is stopped, another one runs without us if it ran before.
function collectd_mgr_cleanup {
    # clean.sh is also run where there never was a stack.sh.
    if [ -e "$COLLECTD_MGR_COLLECTD_WAS" ]; then
        collectd_mgr_cleanup_collectd
    fi
    if is_collectd_mgr_control; then
        remove_uwsgi_config "$COLLECTD_MGR_UWSGI_CONF" collectd-mgr-api
    fi
    if is_service_enabled ceilometer-anotification; then
        collectd_mgr_cleanup_ceilometer
    fi
    sudo rm -rf "$COLLECTD_MGR_CONF_DIR" "$COLLECTD_MGR_STATE_DIR" "$COLLECTD_MGR_RUN_DIR"
    sudo rm -f "$COLLECTD_MGR_TMPFILES_DIR/collectd-mgr.conf"
}

# Ceilometer's plugin removes all files of its directory, and the directory itself, but none below that.
function collectd_mgr_cleanup_ceilometer {
    local meters=$CEILOMETER_CONF_DIR/meters.d
    if [ -d "$meters" ]; then
        sudo rm -f "$meters/collectd_mgr.yaml"
        sudo rmdir --ignore-fail-on-non-empty "$meters" "$CEILOMETER_CONF_DIR"
    fi
}

function collectd_mgr_cleanup_collectd {
    if [[ "$COLLECTD_MGR_DAEMON" == child ]]; then
        collectd_mgr_stop_child
        if collectd_mgr_collectd_was enabled; then
            sudo systemctl enable collectd
        fi
    fi
    if ! [ -e "$COLLECTD_MGR_COLLECTD_CONF" ]; then
        return
    fi
    if grep -q "^# Written by DevStack's plugin of collectd_mgr" "$COLLECTD_MGR_COLLECTD_CONF"; then
        stop_service collectd
        sudo rm -f "$COLLECTD_MGR_COLLECTD_CONF"
    else
        sudo sed -i "\|^Include \"$COLLECTD_MGR_CONF_DIR/|d" "$COLLECTD_MGR_COLLECTD_CONF"
        if collectd_mgr_collectd_was active; then
            restart_service collectd
        else
            stop_service collectd
        fi
    fi
}

# The collectd that an agent has started. Its pid is the first word of the file; that may be another process by now.
function collectd_mgr_stop_child {
    local pid
    pid=$(sudo cat "$COLLECTD_MGR_STATE_DIR/collectd.pid" 2>/dev/null | cut -d ' ' -f 1)
    if [[ -n "$pid" && "$(sudo readlink "/proc/$pid/exe")" == "$(readlink -f "$COLLECTD_MGR_COLLECTD")" ]]; then
        sudo kill "$pid"
        test_with_retry "sudo test ! -e /proc/$pid/exe" "collectd did not end" "$SERVICE_TIMEOUT"
    fi
}

# A node where all of the services are disabled has nothing of it.
if is_service_enabled collectd-mgr-api collectd-mgr-conductor collectd-mgr-agent; then
    case "$1 ${2:-}" in
        "stack install")
            echo_summary "Installing collectd_mgr"
            collectd_mgr_install
            ;;
        "stack post-config")
            echo_summary "Configuring collectd_mgr"
            collectd_mgr_configure
            ;;
        "stack extra")
            echo_summary "Starting collectd_mgr"
            collectd_mgr_init
            collectd_mgr_start
            ;;
        unstack*)
            collectd_mgr_stop
            ;;
        clean*)
            collectd_mgr_cleanup
            ;;
    esac
fi

$_XTRACE_COLLECTD_MGR
