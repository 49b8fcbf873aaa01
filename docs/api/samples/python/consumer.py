"""Takes alerts from Davy as a durable consumer: acts on each once, and misses none. See README.md.

DAVY_SERVER                              http://127.0.0.1:8080, or https://...
DAVY_CA DAVY_CERTIFICATE DAVY_KEY        PEM files of a private authority and of a client certificate
DAVY_TOKEN_FILE                          a file with a bearer token
DAVY_CONSUMER DAVY_DONE DAVY_KEEP        the consumer's name, the file of what was done, how many alerts it keeps at least
DAVY_LOST                                a program that is started when monitoring is lost: the horn
--print                                  one JSON line on standard output for each alert that was acted on
"""

import fcntl
import json
import os
import random
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

from davy.v1 import alarm_pb2, alert_pb2, alert_service_pb2, heartbeat_pb2, tier_pb2
from davy.v1.alert_service_pb2_grpc import AlertServiceStub

SERVER = urlsplit(os.environ.get("DAVY_SERVER", "http://127.0.0.1:8080"))
CONSUMER = os.environ.get("DAVY_CONSUMER", "sample-python")
LOST_AFTER_S = 15  # three heartbeats
CONFIRM_EVERY, CONFIRM_AFTER_S, CONFIRM_LIMIT_S = 64, 1, 5
PAUSE_MIN_S, PAUSE_MAX_S = 0.1, 10
# What another try does not mend: a person has to.
FINAL = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.UNIMPLEMENTED,
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def sync_folder(path):
    folder = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def key(deed):
    """One transition. Its id alone is not: Davy gives an id anew when what had it is not in its journal."""
    return f"{deed['id']}@{deed['recorded']}"


class Done:
    """What was done, one line each. Key and deed are one write: after a crash both are there, or neither."""

    def __init__(self, path, keep):
        self.path, self.keep = path, keep
        self.lock = open(path + ".lock", "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # two that share a file would act twice
        self.file = open(path, "ab+")
        self.file.seek(0)
        text = self.file.read()
        whole = text.rfind(b"\n") + 1  # the rest is half a line: killed while writing
        self.file.truncate(whole)
        self.lines = {key(json.loads(line)): line for line in text[:whole].splitlines(keepends=True)}
        sync_folder(path)

    def act(self, deed):
        if key(deed) in self.lines:
            return say(f"done before: {key(deed)}")
        line = json.dumps(deed, ensure_ascii=False).encode() + b"\n"
        # Yours comes here: in one transaction with the key, or a deed that may be done twice under the same key.
        self.file.write(line)
        self.sync()
        self.lines[key(deed)] = line
        if "--print" in sys.argv:
            print(line.decode(), end="", flush=True)

    def sync(self):
        self.file.flush()
        os.fsync(self.file.fileno())

    def confirmed(self):
        """What is confirmed does not come again, but for alarms that stand: the newest are kept."""
        if len(self.lines) < 2 * self.keep:
            return
        self.lines = dict(list(self.lines.items())[-self.keep :])
        self.file = open(self.path + ".new", "wb")
        self.file.writelines(self.lines.values())
        self.sync()
        os.replace(self.path + ".new", self.path)
        sync_folder(self.path)


class Watch:
    """Says aloud that monitoring is lost, in a thread of its own: whatever the rest waits for."""

    def __init__(self):
        self.good = {"": time.monotonic()}  # site: its last good heartbeat; "" until the first
        self.lost, self.call, self.event = set(), None, time.monotonic()
        threading.Thread(target=self.run, daemon=True).start()

    def heartbeat(self, beat):
        took = beat.input_lag.ToTimedelta() + (beat.sent_time.ToDatetime() - beat.recorded_time.ToDatetime())
        if took.total_seconds() <= LOST_AFTER_S and beat.canary.state != heartbeat_pb2.CANARY_STATE_OVERDUE:
            self.good = {site: at for site, at in self.good.items() if site} | {beat.site: time.monotonic()}

    def run(self):
        while True:
            time.sleep(1)
            now, good = time.monotonic(), self.good
            lost = {site for site, at in good.items() if now - at > LOST_AFTER_S}
            for site in lost - self.lost:
                alarm(f"MONITORING LOST: no good heartbeat of {site or 'any site'} for {LOST_AFTER_S} s")
            for site in self.lost - lost:
                say(f"monitoring is back: {site or 'heartbeats came'}")
            self.lost = lost
            if self.call and now - self.event > LOST_AFTER_S:
                self.call.cancel()  # a connection that is dead and does not know


def alarm(text):
    say(text)
    if os.environ.get("DAVY_LOST"):
        subprocess.Popen([os.environ["DAVY_LOST"], text])


def name(enum, number):
    """Davy may be newer than this: a number without a name is told as it is."""
    return enum.Name(number) if number in enum.values() else str(number)


def deed(id, recorded, sequence, transition, about):
    return {
        "id": id,
        "recorded": f"{recorded.seconds}.{recorded.nanos:09}",
        "site": about.site,
        "sequence": sequence,
        "transition": transition,
        "tier": name(tier_pb2.Tier, about.tier),
        "state": name(alarm_pb2.AlarmState, about.state),
        "message": about.message.en,
    }


def of_alert(alert):
    kind = name(alert_pb2.TransitionKind, alert.transition)
    return deed(alert.id, alert.recorded_time, alert.sequence, kind, alert)


def of_alarm(alarm):
    """An alarm that stands, under the key of the alert that made it so."""
    id = f"{alarm.id}#{alarm.occurrence}.{alarm.step}"
    return deed(id, alarm.last_transition_time, alarm.last_sequence, "SNAPSHOT", alarm)


def contents(variable):
    path = os.environ.get(variable)
    return open(path, "rb").read() if path else None


def connect():
    """Files are read anew each time: tokens and certificates are renewed."""
    options = [
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.use_local_subchannel_pool", 1),  # its pauses are ours
    ]
    token = contents("DAVY_TOKEN_FILE")
    if SERVER.scheme == "https":
        keys = contents("DAVY_CA"), contents("DAVY_KEY"), contents("DAVY_CERTIFICATE")
        address = f"{SERVER.hostname}:{SERVER.port or 443}"
        channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(*keys), options)
    elif token and SERVER.hostname not in ("127.0.0.1", "localhost", "::1"):
        sys.exit("a token goes over https:// or within one machine only")
    else:
        channel = grpc.insecure_channel(SERVER.netloc, options)
    return channel, [("authorization", "Bearer " + token.decode().strip())] if token else []


class Consumer:
    def __init__(self, done):
        self.done, self.watch, self.snapshot = done, Watch(), False

    def follow(self, channel, metadata):
        """Takes one stream until it breaks. Without a start it goes on after what was confirmed last."""
        stub, standing, token, confirmed = AlertServiceStub(channel), [], "", ""
        acted, confirmed_at = 0, time.monotonic()
        request = alert_service_pb2.AlertServiceSubscribeRequest(consumer=CONSUMER, heartbeat=True)
        if self.snapshot:
            request.snapshot = True
        self.watch.event = time.monotonic()
        self.watch.call = stub.Subscribe(request, metadata=metadata)
        for message in self.watch.call:
            self.watch.event = time.monotonic()
            kind = message.WhichOneof("event")  # None: Davy is newer than this
            if kind == "snapshot_begin":
                standing = []  # whoever keeps a board of alarms clears it here
            elif kind == "alarm":
                standing.append(of_alarm(message.alarm))
            elif kind == "snapshot_end":
                for each in standing:
                    self.done.act(each)
                self.snapshot, acted = False, CONFIRM_EVERY
            elif kind == "alert":
                self.done.act(of_alert(message.alert))
                acted += 1
            elif kind == "heartbeat":
                self.watch.heartbeat(message.heartbeat)
            elif kind == "gap":
                say(f"alerts are missing, asking how alarms stand: {str(message.gap).split()}")
                self.snapshot = True
                return
            token = message.token or token
            due = acted >= CONFIRM_EVERY or time.monotonic() - confirmed_at >= CONFIRM_AFTER_S
            if due and token != confirmed:
                what = alert_service_pb2.AlertServiceConfirmRequest(consumer=CONSUMER, token=token)
                stub.Confirm(what, timeout=CONFIRM_LIMIT_S, metadata=metadata)
                acted, confirmed, confirmed_at = 0, token, time.monotonic()
                self.done.confirmed()

    def run(self):
        pause = PAUSE_MIN_S
        while True:
            began = time.monotonic()
            channel, metadata = connect()
            try:
                self.follow(channel, metadata)
            except grpc.RpcError as error:
                say(f"the stream broke: {explain(error)}")
                if error.code() in FINAL:
                    alarm("MONITORING LOST: Davy refuses this consumer, and it ends")
                    return 2
            finally:
                self.watch.call = None
                channel.close()
            if time.monotonic() - began > PAUSE_MAX_S:
                pause = PAUSE_MIN_S
            time.sleep(max(PAUSE_MIN_S, pause * random.uniform(0.5, 1)))
            pause = min(2 * pause, PAUSE_MAX_S)


def explain(error):
    """With the reason, which has a page in docs/errors."""
    status, info = rpc_status.from_call(error), ErrorInfo()
    for detail in status.details if status else []:
        detail.Unpack(info)
    return " ".join(filter(None, [error.code().name, info.reason, error.details()]))


if __name__ == "__main__":
    done = Done(os.environ.get("DAVY_DONE", "done.jsonl"), int(os.environ.get("DAVY_KEEP", "10000")))
    sys.exit(Consumer(done).run())
