#!/usr/bin/env python3
"""Alarms and alerts of a running Davy, without generated code: everything is asked of the server by reflection.

  reflect.py HOST:PORT list                            the alarms that stand
  reflect.py HOST:PORT watch N                         the next N alerts
  reflect.py HOST:PORT watch N --publish HOST:PORT TOPIC PAYLOAD
                                                       the same, and sends a reading once the stream is open

One JSON object a line. Needs tests/requirements.txt.
"""

import argparse
import json
import sys
import threading

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

PATIENCE_S = 30


class Davy:
    """A connection, and what the server says of itself."""

    def __init__(self, server):
        self.channel = grpc.insecure_channel(server)
        self.database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = descriptor_pool.DescriptorPool(self.database)

    def services(self):
        return sorted(self.database.get_services())

    def method(self, service, name):
        """The method as a callable, and its request's class."""
        found = self.pool.FindServiceByName(service).FindMethodByName(name)
        request = message_factory.GetMessageClass(found.input_type)
        response = message_factory.GetMessageClass(found.output_type)
        make = self.channel.unary_stream if found.server_streaming else self.channel.unary_unary
        call = make(
            f"/{service}/{name}",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )
        return call, request


def tell(message):
    told = json_format.MessageToDict(message, preserving_proto_field_name=True)
    print(json.dumps(told, ensure_ascii=False), flush=True)


def list_alarms(davy):
    call, request = davy.method("davy.v1.AlarmService", "List")
    for alarm in call(request(page_size=1000), timeout=PATIENCE_S).alarms:
        tell(alarm)


def watch(davy, count, once_open):
    call, request = davy.method("davy.v1.AlertService", "Subscribe")
    stream = call(request(snapshot=True))
    # A stream that stays silent is given up.
    patience = threading.Timer(PATIENCE_S, stream.cancel)
    patience.daemon = True
    patience.start()
    for message in stream:
        event = message.WhichOneof("event")
        if event == "snapshot_end":
            once_open()
        if event == "alert":
            tell(message.alert)
            count -= 1
            if count == 0:
                stream.cancel()
                return
    raise SystemExit("the stream ended before the alerts came")


def publish(broker, topic, payload):
    """One message as a gateway sends it, acknowledged."""
    import paho.mqtt.client as mqtt

    host, port = broker.rsplit(":", 1)
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="python-gateway", protocol=mqtt.MQTTv5)
    client.connect(host, int(port))
    client.loop_start()
    sent = client.publish(topic, payload, qos=1)
    sent.wait_for_publish(timeout=PATIENCE_S)
    client.disconnect()
    client.loop_stop()
    if not sent.is_published():
        raise SystemExit("no PUBACK came")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", metavar="HOST:PORT")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("services")
    verbs.add_parser("list")
    watching = verbs.add_parser("watch")
    watching.add_argument("count", type=int, metavar="N")
    watching.add_argument("--publish", nargs=3, metavar=("HOST:PORT", "TOPIC", "PAYLOAD"))
    args = parser.parse_args()

    davy = Davy(args.server)
    if args.verb == "services":
        print("\n".join(davy.services()))
    elif args.verb == "list":
        list_alarms(davy)
    else:
        watch(davy, args.count, lambda: publish(*args.publish) if args.publish else None)


if __name__ == "__main__":
    sys.exit(main())
