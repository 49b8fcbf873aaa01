#!/bin/sh
# A gateway in plain shell over mosquitto_pub: measures, keeps an outbox on disk until PUBACK, prints Davy's feedback.
#
# Good for a first try and for a router with a few tags. Each message is a connection of its own, so it is no way to send
# thousands of readings a second.
#
# GW_HOST GW_PORT GW_SITE GW_NODE GW_TAG GW_UNIT   where, and what
# GW_USER GW_TOKEN GW_CA                           who we are, and the CA file of a TLS door
# GW_COUNT GW_BATCH GW_PERIOD_MS                   how many readings, how many in a message, the time between messages
set -u

host=${GW_HOST:-127.0.0.1} port=${GW_PORT:-1883}
site=${GW_SITE:-workshop} node=${GW_NODE:-gw-1} tag=${GW_TAG:-AT-1/h2s} unit=${GW_UNIT:-ppm}
count=${GW_COUNT:-20} batch=${GW_BATCH:-5} period_ms=${GW_PERIOD_MS:-1000}
base=davy/v1/$site/$node
outbox=${GW_OUTBOX:-outbox-$node}
outbox_max=10000 # messages; at the bound the oldest is given up, and said

# A client of Mosquitto with who and where. The client id is this gateway's alone: a second connection with the same id
# throws the first one out.
client() { # COMMAND ROLE OPTION...
    command=$1 role=$2
    shift 2
    set -- -V 5 -h "$host" -p "$port" -i "$site-$node-$role" -k 15 "$@"
    if [ -n "${GW_USER:-}" ]; then set -- "$@" -u "$GW_USER" -P "$GW_TOKEN"; fi
    if [ -n "${GW_CA:-}" ]; then set -- "$@" --cafile "$GW_CA"; fi
    ${as:-} "$command" "$@"
}

# The listener prints feedback, and carries the last will: when this machine dies, Davy hears "lost" at once.
# MQTT 5 would send the will at a goodbye too.
listen() {
    as=exec client mosquitto_sub ear -V mqttv311 -q 1 -t "$base/feedback" -F 'feedback: %p' \
        --will-topic "$base/status" --will-payload lost --will-qos 1 --will-retain
}

# A clock that was never set is worse than none: then the time is left out, and Davy stamps on arrival.
now_ms() {
    ms=$(date +%s%3N)
    if [ "$ms" -gt 1704067200000 ]; then echo "$ms"; fi # 2024-01-01
}

random_below() { # N
    echo $(($(od -An -N4 -tu4 /dev/urandom) % $1))
}

sleep_ms() {
    sleep "$(($1 / 1000)).$(printf '%03d' $(($1 % 1000)))"
}

# Reads the sensor; put yours here. The sample counts up, so that a reading that is missing can be seen.
measure() { # NUMBER
    printf '%d.%02d' $(($1 / 100)) $(($1 % 100))
}

made=0
# Goes on behind what an earlier run left in the outbox.
mkdir -p "$outbox"
last=$(ls "$outbox" | sed -n 's/^0*\([0-9]\{1,\}\)\.json$/\1/p' | tail -n 1)
seq=$((${last:--1} + 1))
# One message of up to `batch` readings into the outbox: whole, then renamed, so that a crash leaves no half of it.
take() {
    readings=
    in_message=0
    while [ $in_message -lt "$batch" ] && [ $made -lt "$count" ]; do
        ts=$(now_ms)
        reading="{\"tag\":\"$tag\",\"value\":$(measure $made),\"unit\":\"$unit\"${ts:+,\"ts\":$ts}}"
        readings=$readings${readings:+,}$reading
        made=$((made + 1)) in_message=$((in_message + 1))
        sleep 0.002 # two readings of one tag never have one time
    done
    name=$(printf '%s/%010d' "$outbox" $seq)
    printf '{"seq":%d,"readings":[%s]}' $seq "$readings" >"$name.new"
    mv "$name.new" "$name.json"
    seq=$((seq + 1))
    if [ "$(ls "$outbox" | wc -l)" -gt $outbox_max ]; then
        oldest=$(ls "$outbox" | head -n 1)
        echo "outbox full: gave up $oldest" >&2
        rm "$outbox/$oldest"
    fi
}

# Sends the oldest first. A message is deleted only when its PUBACK has come: that is when mosquitto_pub ends with 0.
send() {
    for message in "$outbox"/*.json; do
        [ -e "$message" ] || return 0
        client mosquitto_pub mouth -q 1 -t "$base/readings" -f "$message" || return 1
        rm "$message"
    done
}

say() { client mosquitto_pub mouth -q 1 -r -t "$base/status" -m "$1"; }

wait_ms=500
# Full jitter, doubled up to half a minute: a thousand gateways must not come back in the same second.
back_off() {
    pause=$(random_below $wait_ms)
    echo "no PUBACK, again in $pause ms" >&2
    sleep_ms "$pause"
    wait_ms=$((wait_ms * 2))
    if [ $wait_ms -gt 30000 ]; then wait_ms=30000; fi
}

until say online; do back_off; done
listen &
trap 'kill $! 2>/dev/null' EXIT
while [ $made -lt "$count" ] || [ -n "$(ls "$outbox")" ]; do
    if [ $made -lt "$count" ]; then take; fi
    if send; then
        wait_ms=500
        sleep_ms "$period_ms"
    else
        back_off
    fi
done
sleep_ms 1500 # feedback is said once a second
say offline
echo "sent: $made readings, every one acknowledged"
