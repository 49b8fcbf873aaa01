"""A gateway in Python over paho-mqtt: measures, keeps an outbox on disk until PUBACK, prints Davy's feedback.

    pip install paho-mqtt
    GW_HOST=davy.plant.example GW_PORT=8883 GW_CA=ca.pem GW_USER=... GW_TOKEN=... python3 gateway.py

GW_HOST GW_PORT GW_SITE GW_NODE GW_TAG GW_UNIT   where, and what
GW_USER GW_TOKEN GW_CA                           who we are, and the CA file of a TLS door
GW_COUNT GW_BATCH GW_PERIOD_MS                   how many readings, how many in a message, the time between messages
GW_OUTBOX                                        the file of the outbox
"""

import functools
import json
import os
import random
import sqlite3
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

print = functools.partial(print, flush=True)
HOST, PORT = os.environ.get("GW_HOST", "127.0.0.1"), int(os.environ.get("GW_PORT", "1883"))
SITE, NODE = os.environ.get("GW_SITE", "workshop"), os.environ.get("GW_NODE", "gw-1")
TAG, UNIT = os.environ.get("GW_TAG", "AT-1/h2s"), os.environ.get("GW_UNIT", "ppm")
COUNT, BATCH = int(os.environ.get("GW_COUNT", "20")), int(os.environ.get("GW_BATCH", "5"))
PERIOD_S = int(os.environ.get("GW_PERIOD_MS", "1000")) / 1000
BASE = f"davy/v1/{SITE}/{NODE}"
IN_FLIGHT_MAX = 20  # messages without a PUBACK
OUTBOX_MAX = 100_000  # messages; at the bound the oldest is given up, and said
CLOCK_SET_AFTER = 1_704_067_200  # 2024-01-01: a clock before this was never set


class Outbox:
    """What has no PUBACK yet, oldest first, in a file that survives a power cut. The row's number is the seq."""

    def __init__(self, path):
        self.db = sqlite3.connect(path)
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute("CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, readings TEXT)")

    def put(self, readings):
        with self.db:
            self.db.execute("INSERT INTO outbox (readings) VALUES (?)", (json.dumps(readings),))
            full = "DELETE FROM outbox WHERE seq <= (SELECT max(seq) FROM outbox) - ?"
            if self.db.execute(full, (OUTBOX_MAX,)).rowcount > 0:
                print("outbox full: gave up the oldest message")

    def after(self, seq, limit):
        rows = self.db.execute("SELECT seq, readings FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit))
        return rows.fetchall()

    def delete(self, seq):
        with self.db:
            self.db.execute("DELETE FROM outbox WHERE seq = ?", (seq,))


class Gateway:
    def __init__(self, outbox):
        self.outbox = outbox
        self.connected, self.backoff_s = False, 0.5
        self.in_flight, self.sent_up_to = {}, 0  # message id: seq

    def connect(self):
        """A client of its own for each connection: what it remembers of the last one cannot matter."""
        # The client id is this gateway's alone: a second connection with the same id throws the first one out.
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, f"{SITE}-{NODE}", protocol=mqtt.MQTTv5)
        self.client.will_set(f"{BASE}/status", "lost", qos=1, retain=True)
        if "GW_USER" in os.environ:
            self.client.username_pw_set(os.environ["GW_USER"], os.environ["GW_TOKEN"])
        if "GW_CA" in os.environ:
            self.client.tls_set(os.environ["GW_CA"])
        self.client.on_connect, self.client.on_disconnect = self.on_connect, self.on_disconnect
        self.client.on_message, self.client.on_publish = self.on_message, self.on_publish
        self.in_flight.clear()
        self.sent_up_to = 0  # everything without a PUBACK is sent again, in its order
        try:
            self.client.connect(HOST, PORT, keepalive=15)
        except OSError as error:
            return self.back_off(str(error))
        end = time.monotonic() + 10
        while not self.connected and self.client.loop(0.1) == mqtt.MQTT_ERR_SUCCESS and time.monotonic() < end:
            pass
        if not self.connected:
            self.back_off("not let in")

    def back_off(self, why):
        """Full jitter, doubled up to half a minute: a thousand gateways must not come back in the same second."""
        pause = random.uniform(0, self.backoff_s)
        print(f"{why}, again in {pause:.1f} s")
        time.sleep(pause)
        self.backoff_s = min(self.backoff_s * 2, 30)

    def on_connect(self, client, _userdata, _flags, reason, _properties):
        if reason.is_failure:
            return print(f"refused: {reason}")
        self.connected = True
        client.subscribe(f"{BASE}/feedback", qos=1)
        client.publish(f"{BASE}/status", "online", qos=1, retain=True)

    def on_disconnect(self, _client, _userdata, _flags, reason, _properties):
        self.connected = False
        print(f"disconnected: {reason}")

    def on_message(self, _client, _userdata, message):
        print("feedback:", message.payload.decode())
        if b"TIMESTAMP_FUTURE" in message.payload:
            print("this clock runs ahead: look at NTP")

    def on_publish(self, _client, _userdata, message_id, reason, _properties):
        """PUBACK: Davy has it on disk, or says in the reason why it will never take it. Either way it leaves the outbox."""
        seq = self.in_flight.pop(message_id, None)
        if seq is None:
            return  # the status
        if reason.is_failure:
            print(f"message {seq} was not taken: {reason}")
        self.outbox.delete(seq)
        self.backoff_s = 0.5  # a connection that carried something was a good one

    def step(self):
        """A moment of the connection: sends what may be sent, takes what comes."""
        if not self.connected:
            return self.connect()
        for seq, readings in self.outbox.after(self.sent_up_to, IN_FLIGHT_MAX - len(self.in_flight)):
            payload = json.dumps({"seq": seq, "readings": json.loads(readings)})
            self.in_flight[self.client.publish(f"{BASE}/readings", payload, qos=1).mid] = seq
            self.sent_up_to = seq
        if self.client.loop(0.02) != mqtt.MQTT_ERR_SUCCESS:
            self.connected = False
            self.back_off("connection lost")


def measure(number):
    """Reads the sensor; put yours here. The sample counts up, so that a reading that is missing can be seen."""
    reading = {"tag": TAG, "value": number / 100, "unit": UNIT}
    # A clock that was never set is worse than none: then the time is left out, and Davy stamps on arrival.
    if time.time() > CLOCK_SET_AFTER:
        reading["ts"] = int(time.time() * 1000)
    time.sleep(0.002)  # two readings of one tag never have one time
    return reading


def main():
    gateway, made, next_at = Gateway(Outbox(os.environ.get("GW_OUTBOX", f"outbox-{NODE}.sqlite"))), 0, 0.0
    while made < COUNT or gateway.outbox.after(0, 1):
        if made < COUNT and time.monotonic() >= next_at:
            next_at = time.monotonic() + PERIOD_S
            numbers = range(made, min(made + BATCH, COUNT))
            gateway.outbox.put([measure(number) for number in numbers])
            made += len(numbers)
        gateway.step()
    last_words = time.monotonic() + 1.5  # feedback is said once a second
    while gateway.connected and time.monotonic() < last_words:
        gateway.step()
    gateway.client.publish(f"{BASE}/status", "offline", qos=1, retain=True)
    gateway.client.loop(0.1)
    gateway.client.disconnect()
    print(f"sent: {made} readings, every one acknowledged")


if __name__ == "__main__":
    main()
