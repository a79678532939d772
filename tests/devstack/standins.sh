# shellcheck shell=bash
# shellcheck disable=SC2154  # local.conf has them
# SPDX-License-Identifier: Apache-2.0
#
# DevStack's functions as far as the plugin calls them: the same arguments, the same files, the same commands, without
# xtrace, timing, retries and distributions that no test has. The names are DevStack's, so are the quirks (charset=utf8).

function die { echo "$*" >&2; exit 1; }
function echo_summary { echo "$*"; }
function define_plugin { :; }
function is_fedora { false; }
function is_ubuntu { true; }
function get_python_exec_prefix { echo "$DEVSTACK_VENV/bin"; }

function is_service_enabled {
    local service
    for service in "$@"; do
        if [[ ",$ENABLED_SERVICES," == *",$service,"* ]]; then
            return 0
        fi
    done
    return 1
}

function enable_service {
    local service
    for service in "$@"; do
        if [[ ",$DISABLED_SERVICES," != *",$service,"* ]] && ! is_service_enabled "$service"; then
            ENABLED_SERVICES+=",$service"
        fi
    done
}

function install_package { sudo apt-get --assume-yes install "$@"; }
function setup_develop { pip install -e "$1${2:+[$2]}"; }
function restart_service { sudo systemctl restart "$1"; }
function stop_service { sudo systemctl stop "$1"; }

# iniset [-sudo] FILE SECTION OPTION VALUE: below the head of its section, in the place of an earlier one.
function iniset {
    [[ "$1" != -sudo ]] || shift
    local file=$1 section=$2 option=$3 value=$4
    [[ -n "$section" && -n "$option" ]] || return 0
    mkdir -p "$(dirname "$file")"
    touch "$file"
    grep -q "^\[$section\]" "$file" || printf '\n[%s]\n' "$section" >>"$file"
    sed -i -e "/^\[$section\]/,/^\[/ { /^${option}[ \t]*=/d }" "$file"
    awk -v head="[$section]" -v line="$option = $value" '{ print } $0 == head { print line }' "$file" >"$file.new"
    cat "$file.new" >"$file"
    rm "$file.new"
}

# shellcheck disable=SC2046,SC2005  # in one line
function iniget_multiline { echo $(sed -n "/^\[$2\]/,/^\[/ s/^$3[ \t]*=[ \t]*//p" "$1"); }

# iniset_multiline FILE SECTION OPTION VALUE...
function iniset_multiline {
    local file=$1 section=$2 option=$3 value
    shift 3
    iniset "$file" "$section" "$option" ""
    sed -i -e "/^${option} = $/d" "$file"
    for value in "$@"; do
        sed -i -e "/^\[$section\]/a $option = $value" "$file"
    done
}

function setup_logging { iniset "$1" DEFAULT log_color "${LOG_COLOR:-True}"; }

function get_transport_url {
    if is_service_enabled rabbit || [[ -n "$RABBIT_HOST" && -n "$RABBIT_PASSWORD" ]]; then
        echo "rabbit://$RABBIT_USERID:$RABBIT_PASSWORD@$RABBIT_HOST:${RABBIT_PORT:-5672}/$1"
    fi
}

function get_notification_url { get_transport_url "$@"; }
function iniset_rpc_backend { iniset "$2" "$3" transport_url "$(get_transport_url "$4")"; }

function rpc_backend_add_vhost {
    if ! sudo rabbitmqctl list_vhosts | grep -q "$1"; then
        sudo rabbitmqctl add_vhost "$1"
        sudo rabbitmqctl set_permissions -p "$1" "$RABBIT_USERID" ".*" ".*" ".*"
    fi
}

function database_connection_url { echo "$BASE_SQL_CONN/$1?charset=utf8"; }

function recreate_database {
    mysql -u"$DATABASE_USER" -p"$DATABASE_PASSWORD" -h"$MYSQL_HOST" -e "DROP DATABASE IF EXISTS $1;"
    mysql -u"$DATABASE_USER" -p"$DATABASE_PASSWORD" -h"$MYSQL_HOST" -e "CREATE DATABASE $1 CHARACTER SET utf8;"
}

function configure_keystone_authtoken_middleware {
    local section=keystone_authtoken
    iniset "$1" "$section" auth_type password
    iniset "$1" "$section" interface public
    iniset "$1" "$section" auth_url "$KEYSTONE_SERVICE_URI"
    iniset "$1" "$section" username "$2"
    iniset "$1" "$section" password "$SERVICE_PASSWORD"
    iniset "$1" "$section" user_domain_name "$SERVICE_DOMAIN_NAME"
    iniset "$1" "$section" project_name "$SERVICE_PROJECT_NAME"
    iniset "$1" "$section" project_domain_name "$SERVICE_DOMAIN_NAME"
    iniset "$1" "$section" www_authenticate_uri "$KEYSTONE_SERVICE_URI"
    iniset "$1" "$section" cafile "$SSL_BUNDLE_FILE"
    iniset "$1" "$section" memcached_servers "$MEMCACHE_SERVERS"
}

# write_uwsgi_config FILE MODULE URL HTTP NAME
function write_uwsgi_config {
    local conf=$1 name=$5
    rm -rf "$conf"
    iniset "$conf" uwsgi module "$2"
    iniset "$conf" uwsgi processes "$API_WORKERS"
    iniset "$conf" uwsgi master true
    iniset "$conf" uwsgi die-on-term true
    iniset "$conf" uwsgi exit-on-reload false
    iniset "$conf" uwsgi worker-reload-mercy "$WORKER_TIMEOUT"
    iniset "$conf" uwsgi enable-threads true
    iniset "$conf" uwsgi plugins http,python3
    iniset "$conf" uwsgi thunder-lock true
    iniset "$conf" uwsgi hook-master-start "unix_signal:15 gracefully_kill_them_all"
    iniset "$conf" uwsgi buffer-size 65535
    iniset "$conf" uwsgi add-header "Connection: close"
    iniset "$conf" uwsgi lazy-apps true
    iniset "$conf" uwsgi start-time %t
    [[ -n "$4" ]] || die "the site of Apache for $name: not here"
    iniset "$conf" uwsgi http "$4"
}

function remove_uwsgi_config {
    rm -rf "$1"
    sudo a2dissite "$2"
}

function start_tls_proxy { sudo a2ensite "$1-tls-proxy" "$2:$3" "$4:$5"; }

function _openstack { openstack --os-cloud devstack-system-admin "$@"; }

function get_or_create_project { _openstack project create "$1" --domain="$2" --or-show -f value -c id; }

function create_service_user {
    _openstack user create "$1" --password "$SERVICE_PASSWORD" --domain="$SERVICE_DOMAIN_NAME" --or-show -f value -c id
    _openstack role add service --user "$1" --project "$SERVICE_PROJECT_NAME" \
        --user-domain "$SERVICE_DOMAIN_NAME" --project-domain "$SERVICE_DOMAIN_NAME"
}

function get_or_create_service {
    _openstack service show "$2" -f value -c id 2>/dev/null ||
        _openstack service create "$2" --name "$1" --description="$3" -f value -c id
}

function get_or_create_endpoint {
    local id
    id=$(_openstack endpoint list --service "$1" --interface public --region "$2" -c ID -f value)
    [[ -n "$id" ]] || _openstack endpoint create "$1" public "$3" --region "$2" -f value -c id
}

# run_process SERVICE COMMAND [GROUP] [USER] [ENVIRONMENT]
function run_process {
    is_service_enabled "$1" || return 0
    [[ "$2" == /* ]] || die "$2 does not start with an absolute path"
    local unit="$SYSTEMD_DIR/devstack@$1.service" command=$2
    if [[ "$2" == *uwsgi* && "$GLOBAL_VENV" == True ]]; then
        command+=" --venv $DEVSTACK_VENV"
    fi
    iniset -sudo "$unit" Unit Description "Devstack $1"
    iniset -sudo "$unit" Service ExecStart "$command"
    iniset -sudo "$unit" Service User "${4:-$STACK_USER}"
    iniset -sudo "$unit" Service KillMode process
    [[ -z "$3" ]] || iniset -sudo "$unit" Service Group "$3"
    [[ -z "$5" ]] || iniset -sudo "$unit" Service Environment "$5"
    iniset -sudo "$unit" Install WantedBy multi-user.target
    sudo systemctl daemon-reload
    sudo systemctl enable "devstack@$1.service"
    sudo systemctl start "devstack@$1.service"
}

function stop_process {
    if is_service_enabled "$1" && sudo systemctl is-enabled "devstack@$1.service"; then
        sudo systemctl stop "devstack@$1.service"
        sudo systemctl disable "devstack@$1.service"
    fi
}

function wait_for_service { curl -s -o /dev/null "$2"; }
function test_with_retry { timeout "$3" sh -c "while ! $1; do sleep 0.1; done" || die "$2"; }
