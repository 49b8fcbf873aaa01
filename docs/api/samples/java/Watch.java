import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import davy.v1.HeartbeatOuterClass.CanaryState;
import davy.v1.HeartbeatOuterClass.Heartbeat;
import io.grpc.Context;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Says aloud that monitoring is lost, in a thread of its own: whatever the rest waits for. */
final class Watch extends Thread {
    /** Three heartbeats. */
    static final long LOST_AFTER_MS = 15_000;
    private static final String ANY = "any site";

    /** Each site's last good heartbeat; "any site" until the first. */
    private final Map<String, Long> good = new HashMap<>(Map.of(ANY, Consumer.now()));
    private final Set<String> lost = new HashSet<>();
    private Context.CancellableContext stream;
    private long eventAt = Consumer.now();

    Watch() {
        setDaemon(true);
        start();
    }

    synchronized void opened(Context.CancellableContext context) {
        stream = context;
        eventAt = Consumer.now();
    }

    synchronized void event() {
        eventAt = Consumer.now();
    }

    /** One that came late is none, nor is one of a Davy whose canary is overdue. */
    synchronized void heartbeat(Heartbeat beat) {
        Duration lag = beat.getInputLag();
        long took = lag.getSeconds() * 1000 + lag.getNanos() / 1_000_000
                + millis(beat.getSentTime()) - millis(beat.getRecordedTime());
        if (took <= LOST_AFTER_MS && beat.getCanary().getState() != CanaryState.CANARY_STATE_OVERDUE) {
            good.remove(ANY);
            good.put(beat.getSite(), Consumer.now());
        }
    }

    private static long millis(Timestamp time) {
        return time.getSeconds() * 1000 + time.getNanos() / 1_000_000;
    }

    private synchronized void look() {
        good.forEach((site, at) -> {
            boolean isLost = Consumer.now() - at > LOST_AFTER_MS;
            if (isLost && lost.add(site)) {
                sound("MONITORING LOST: no good heartbeat of " + site + " for 15 s");
            }
            if (!isLost && lost.remove(site)) {
                System.err.println("monitoring is back: " + site);
            }
        });
        if (stream != null && Consumer.now() - eventAt > LOST_AFTER_MS) {
            stream.cancel(null); // a connection that is dead and does not know
        }
    }

    @Override
    public void run() {
        while (true) {
            try {
                sleep(1000);
            } catch (InterruptedException ended) {
                return;
            }
            look();
        }
    }

    /** Tells a person who is not looking. */
    static void sound(String text) {
        System.err.println(text);
        String horn = System.getenv("DAVY_LOST");
        try {
            if (horn != null) {
                new ProcessBuilder(horn, text).inheritIO().start();
            }
        } catch (IOException error) {
            System.err.println(error);
        }
    }
}
