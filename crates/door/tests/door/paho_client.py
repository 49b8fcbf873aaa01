"""Publishes, subscribes and is refused, as a vendor's gateway would. Usage: paho_client.py PORT 3|5"""

import queue
import sys

import paho.mqtt.client as mqtt

PORT, VERSION = int(sys.argv[1]), sys.argv[2]
PROTOCOL = mqtt.MQTTv5 if VERSION == "5" else mqtt.MQTTv311


def client(name):
    args = {"client_id": name, "protocol": PROTOCOL}
    if hasattr(mqtt, "CallbackAPIVersion"):
        return mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, **args)
    return mqtt.Client(**args)


def refused():
    answers = queue.Queue()
    c = client("paho-refused")
    c.username_pw_set("nobody", "x")
    c.on_connect = lambda *args: answers.put(args[3])
    c.connect("127.0.0.1", PORT)
    c.loop_start()
    answer = answers.get(timeout=20)
    c.loop_stop()
    # Version 1 callbacks give the number, version 2 a reason code.
    failed = getattr(answer, "is_failure", answer != 0)
    assert failed, f"let in: {answer}"


def publish_and_hear():
    connected, heard, subscribed = queue.Queue(), queue.Queue(), queue.Queue()
    c = client("paho")
    c.on_connect = lambda *args: connected.put(args[3])
    c.on_subscribe = lambda *args: subscribed.put(args)
    c.on_message = lambda _c, _u, message: heard.put((message.topic, message.payload, message.qos))
    c.connect("127.0.0.1", PORT, keepalive=30)
    c.loop_start()
    connected.get(timeout=20)
    sent = [c.publish("plant/readings", f"reading {n}", qos=1) for n in range(200)]
    for info in sent:
        info.wait_for_publish(timeout=20)
        assert info.is_published()
    c.subscribe("door/#", qos=1)
    subscribed.get(timeout=20)
    assert heard.get(timeout=20) == ("door/says", b"hello", 1)
    c.disconnect()
    c.loop_stop()


refused()
publish_and_hear()
