import com.google.protobuf.Any;
import com.google.protobuf.UnknownFieldSet;
import davy.v1.AlertServiceGrpc.AlertServiceBlockingStub;
import davy.v1.AlertServiceOuterClass.AlertServiceConfirmRequest;
import davy.v1.AlertServiceOuterClass.AlertServiceSubscribeRequest;
import davy.v1.AlertServiceOuterClass.AlertServiceSubscribeResponse;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Takes alerts from Davy as a durable consumer: acts on each once, and misses none. See README.md. */
final class Consumer {
    static final int CONFIRM_EVERY = 64;
    static final long CONFIRM_AFTER_MS = 1_000, CONFIRM_LIMIT_MS = 5_000;
    static final long PAUSE_MIN_MS = 100, PAUSE_MAX_MS = 10_000;

    /** What another try does not mend: a person has to. */
    static final Set<Status.Code> FINAL = Set.of(Status.Code.INVALID_ARGUMENT, Status.Code.UNAUTHENTICATED,
            Status.Code.PERMISSION_DENIED, Status.Code.NOT_FOUND, Status.Code.UNIMPLEMENTED);

    static final String NAME = setting("DAVY_CONSUMER", "sample-java");

    private final Done done;
    private final Watch watch = new Watch();
    private boolean snapshot;

    Consumer(Done done) {
        this.done = done;
    }

    static String setting(String name, String otherwise) {
        String value = System.getenv(name);
        return value == null || value.isEmpty() ? otherwise : value;
    }

    static long now() {
        return System.nanoTime() / 1_000_000;
    }

    /** Takes one stream until it breaks. Without a start it goes on after what was confirmed last. */
    private void follow(AlertServiceBlockingStub davy) throws IOException {
        var request = AlertServiceSubscribeRequest.newBuilder().setConsumer(NAME).setHeartbeat(true);
        if (snapshot) {
            request.setSnapshot(true);
        }
        Iterator<AlertServiceSubscribeResponse> stream = davy.subscribe(request.build());
        List<Map<String, Object>> standing = new ArrayList<>();
        String token = "", confirmed = "";
        int acted = 0;
        long confirmedAt = now();
        while (stream.hasNext()) {
            AlertServiceSubscribeResponse message = stream.next();
            watch.event();
            switch (message.getEventCase()) {
                case SNAPSHOT_BEGIN -> standing.clear(); // whoever keeps a board of alarms clears it here
                case ALARM -> standing.add(Deed.of(message.getAlarm()));
                case SNAPSHOT_END -> {
                    for (var each : standing) {
                        done.act(each);
                    }
                    snapshot = false;
                    acted = CONFIRM_EVERY;
                }
                case ALERT -> {
                    done.act(Deed.of(message.getAlert()));
                    acted++;
                }
                case HEARTBEAT -> watch.heartbeat(message.getHeartbeat());
                case GAP -> {
                    System.err.println("alerts are missing, asking how alarms stand: "
                            + message.getGap().toString().replace('\n', ' '));
                    snapshot = true;
                    return;
                }
                default -> { } // Davy is newer than this: only the token counts
            }
            token = message.getToken().isEmpty() ? token : message.getToken();
            boolean due = acted >= CONFIRM_EVERY || now() - confirmedAt >= CONFIRM_AFTER_MS;
            if (due && !token.equals(confirmed)) {
                davy.withDeadlineAfter(CONFIRM_LIMIT_MS, TimeUnit.MILLISECONDS).confirm(
                        AlertServiceConfirmRequest.newBuilder().setConsumer(NAME).setToken(token).build());
                acted = 0;
                confirmed = token;
                confirmedAt = now();
                done.confirmed();
            }
        }
    }

    private void run() throws Exception {
        long pause = PAUSE_MIN_MS;
        while (true) {
            long began = now();
            try (var connection = Connection.open(); var context = Context.current().withCancellation()) {
                watch.opened(context);
                context.call(() -> {
                    follow(connection.davy());
                    return null;
                });
            } catch (StatusRuntimeException error) {
                System.err.println("the stream broke: " + explain(error));
                if (FINAL.contains(error.getStatus().getCode())) {
                    Watch.sound("MONITORING LOST: Davy refuses this consumer, and it ends");
                    System.exit(2);
                }
            } finally {
                watch.opened(null);
            }
            if (now() - began > PAUSE_MAX_MS) {
                pause = PAUSE_MIN_MS;
            }
            double part = ThreadLocalRandom.current().nextDouble(0.5, 1);
            Thread.sleep(Math.max(PAUSE_MIN_MS, (long) (pause * part)));
            pause = Math.min(2 * pause, PAUSE_MAX_MS);
        }
    }

    /** With the reason, which has a page in docs/errors: the first field of the ErrorInfo. */
    private static String explain(StatusRuntimeException error) {
        String reason = "";
        try {
            var status = StatusProto.fromThrowable(error);
            for (Any detail : status == null ? List.<Any>of() : status.getDetailsList()) {
                if (detail.getTypeUrl().endsWith("google.rpc.ErrorInfo")) {
                    var fields = UnknownFieldSet.parseFrom(detail.getValue());
                    reason = fields.getField(1).getLengthDelimitedList().get(0).toStringUtf8();
                }
            }
        } catch (IOException unreadable) {
            reason = "(unreadable details)";
        }
        // Such as what TLS did not like.
        String cause = error.getCause() == null ? "" : " " + error.getCause();
        String words = error.getStatus().getDescription();
        return error.getStatus().getCode() + " " + reason + " " + (words == null ? "" : words) + cause;
    }

    public static void main(String[] args) throws Exception {
        boolean prints = List.of(args).contains("--print");
        int keep = Integer.parseInt(setting("DAVY_KEEP", "10000"));
        try {
            new Consumer(new Done(Path.of(setting("DAVY_DONE", "done.jsonl")), keep, prints)).run();
        } catch (IOException error) { // what was done cannot be written down, or a file is not there
            System.err.println(error);
            System.exit(1);
        }
    }
}
