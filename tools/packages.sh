# SPDX-License-Identifier: MPL-2.0
# Sourced by ./demo and ./check: installs what is missing of the file `packages`. Everything goes to stderr.

# packages_of SECTION… prints the packages of these sections.
packages_of() {
    local section
    for section in "$@"; do
        sed -n "/^\[$section\]/,/^\[/p" packages | grep -v -e '^\[' -e '^#' -e '^$'
    done
}

packages_missing() {
    local package
    for package in $(packages_of "$@"); do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
    done
}

# without_services runs a command while Debian starts no service: a redis-server and an nginx on their usual ports
# are not ours to start.
without_services() {
    local policy=/usr/sbin/policy-rc.d made='' result=0
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | $SUDO tee "$policy" >/dev/null
        $SUDO chmod 755 "$policy"
        made=$policy
        trap '$SUDO rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    "$@" || result=$?
    if [ -n "$made" ]; then
        $SUDO rm -f "$made"
        trap - EXIT
    fi
    return "$result"
}

# packages_install SECTION…: nothing when all is there; a clear word and exit 69 when it cannot be done.
packages_install() {
    local missing
    if ! command -v dpkg-query >/dev/null; then
        echo "This is not Debian: install what the file \`packages\` names by your own means. Going on without." >&2
        return 0
    fi
    missing=$(packages_missing "$@" | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    echo "Missing packages: $missing" >&2
    SUDO=''
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "Neither root nor sudo: ask somebody who is to run: apt-get install $missing" >&2
            exit 69
        fi
        SUDO=sudo
    fi
    {
        $SUDO apt-get -q update
        # shellcheck disable=SC2086 # a list of words
        without_services $SUDO env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends $missing
    } >&2
}
