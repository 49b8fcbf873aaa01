#!/usr/bin/env bash
# Makes what compose.yaml reads from ./secrets: passwords, and Mosquitto's file of users. What is there already stays.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
umask 077
mkdir -p secrets

password() {
    [ -s "secrets/$1" ] || openssl rand -hex 24 | tr -d '\n' >"secrets/$1"
    # A container's own user reads it; the folder lets nobody else in.
    chmod 644 "secrets/$1"
}

# mosquitto_user NAME PASSWORD: a line of Mosquitto's file, PBKDF2-HMAC-SHA512.
mosquitto_user() {
    local iterations=101 salt hash
    salt=$(openssl rand -hex 12)
    hash=$(openssl kdf -keylen 64 -kdfopt digest:SHA512 -kdfopt "pass:$2" -kdfopt "hexsalt:$salt" \
        -kdfopt "iter:$iterations" PBKDF2 | tr -d ':\n')
    printf '%s:$7$%s$%s$%s\n' "$1" "$iterations" "$(base64_of "$salt")" "$(base64_of "$hash")"
}

base64_of() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")" | base64 --wrap=0; }

for name in db-password mqtt-password davy-grafana-password grafana-password gateway-password; do
    password "$name"
done
if [ ! -s secrets/mosquitto-users ]; then
    {
        mosquitto_user davy "$(cat secrets/mqtt-password)"
        mosquitto_user gateway "$(cat secrets/gateway-password)"
    } >secrets/mosquitto-users
    chmod 644 secrets/mosquitto-users
fi
echo "secrets/ is complete: a gateway logs in as \"gateway\" with secrets/gateway-password"
