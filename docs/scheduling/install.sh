#!/bin/sh
# Installs a wheel for scheduled runs, as root: sh install.sh iscsi_session_analyzer-*.whl
# Makes the user 'analyzer', /opt/analyzer (the program), /etc/analyzer (configuration and secrets),
# /var/lib/analyzer (the store) and the systemd units, where there is systemd. Running it again upgrades.
set -eu
[ $# -eq 1 ] || { echo "usage: sh install.sh WHEEL" >&2; exit 2; }
wheel=$1
here=$(cd "$(dirname "$0")" && pwd)

getent passwd analyzer >/dev/null ||
    useradd --system --user-group --home-dir /var/lib/analyzer --shell /usr/sbin/nologin analyzer
[ -x /opt/analyzer/bin/python ] || python3 -m venv /opt/analyzer
/opt/analyzer/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "$wheel"
ln -sf /opt/analyzer/bin/analyzer /usr/local/bin/analyzer

install -d -o analyzer -g analyzer -m 0750 /var/lib/analyzer
install -d -o root -g analyzer -m 0750 /etc/analyzer /etc/analyzer/secrets
if [ ! -e /etc/analyzer/analyzer.toml ]; then
    /opt/analyzer/bin/analyzer doctor --example |
        sed 's|^store = .*|store = "/var/lib/analyzer/store"|' > /etc/analyzer/analyzer.toml
    chgrp analyzer /etc/analyzer/analyzer.toml
    chmod 0640 /etc/analyzer/analyzer.toml
    echo "wrote /etc/analyzer/analyzer.toml: name your clusters there"
fi

if [ -d /etc/systemd/system ]; then
    install -m 0644 "$here/analyzer-collect.service" "$here/analyzer-collect.timer" /etc/systemd/system
    [ ! -d /run/systemd/system ] || systemctl daemon-reload
    echo "then: systemctl enable --now analyzer-collect.timer"
fi
