import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.*;
import java.util.concurrent.*;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.fusesource.mqtt.client.Future;
import org.fusesource.mqtt.client.FutureConnection;
import org.fusesource.mqtt.client.MQTT;
import org.fusesource.mqtt.client.Message;
import org.fusesource.mqtt.client.QoS;
import org.fusesource.mqtt.client.Topic;

/**
 * A gateway in Java over FuseSource's mqtt-client: measures, keeps an outbox until PUBACK, prints Davy's feedback.
 *
 * <pre>
 * CP=/usr/share/java/mqtt-client.jar:/usr/share/java/hawtbuf.jar:/usr/share/java/hawtdispatch.jar:/usr/share/java/hawtdispatch-transport.jar
 * javac -cp $CP Gateway.java && java -cp $CP:. Gateway
 *
 * GW_HOST GW_PORT GW_SITE GW_NODE GW_TAG GW_UNIT   where, and what
 * GW_USER GW_TOKEN GW_CA                           who we are, and the CA file of a TLS door
 * GW_COUNT GW_BATCH GW_PERIOD_MS                   how many readings, how many in a message, the time between messages
 * </pre>
 *
 * The outbox is in memory: it outlives Davy and the network, not this process. Put it in a file before it counts.
 */
public final class Gateway {
    static final String SITE = env("GW_SITE", "workshop"), NODE = env("GW_NODE", "gw-1");
    static final String BASE = "davy/v1/" + SITE + "/" + NODE;
    static final int COUNT = Integer.parseInt(env("GW_COUNT", "20")), BATCH = Integer.parseInt(env("GW_BATCH", "5"));
    static final int PERIOD_MS = Integer.parseInt(env("GW_PERIOD_MS", "1000"));
    /** Messages without a PUBACK. */
    static final int IN_FLIGHT_MAX = 20;
    /** Messages; at the bound the oldest is given up, and said. */
    static final int OUTBOX_MAX = 10_000;
    /** 2024-01-01: a clock before this was never set. */
    static final long CLOCK_SET_AFTER_MS = 1_704_067_200_000L;

    static String env(String name, String otherwise) {
        String value = System.getenv(name);
        return value == null || value.isEmpty() ? otherwise : value;
    }

    /** A client of its own for each connection: what it remembers of the last one cannot matter. */
    static FutureConnection connect() throws Exception {
        MQTT mqtt = new MQTT();
        String ca = env("GW_CA", "");
        mqtt.setHost((ca.isEmpty() ? "tcp" : "tls") + "://" + env("GW_HOST", "127.0.0.1") + ":" + env("GW_PORT", "1883"));
        if (!ca.isEmpty()) {
            mqtt.setSslContext(trusting(ca));
        }
        mqtt.setVersion("3.1.1");
        // The client id is this gateway's alone: a second connection with the same id throws the first one out.
        mqtt.setClientId(SITE + "-" + NODE);
        if (!env("GW_USER", "").isEmpty()) {
            mqtt.setUserName(env("GW_USER", ""));
            mqtt.setPassword(env("GW_TOKEN", ""));
        }
        mqtt.setKeepAlive((short) 15);
        mqtt.setWillTopic(BASE + "/status");
        mqtt.setWillMessage("lost");
        mqtt.setWillQos(QoS.AT_LEAST_ONCE);
        mqtt.setWillRetain(true);
        mqtt.setConnectAttemptsMax(0);
        mqtt.setReconnectAttemptsMax(0);
        FutureConnection connection = mqtt.futureConnection();
        connection.connect().await(10, TimeUnit.SECONDS);
        connection.subscribe(new Topic[] {new Topic(BASE + "/feedback", QoS.AT_LEAST_ONCE)}).await(10, TimeUnit.SECONDS);
        connection.publish(BASE + "/status", "online".getBytes(), QoS.AT_LEAST_ONCE, true);
        return connection;
    }

    static SSLContext trusting(String ca) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        try (FileInputStream file = new FileInputStream(ca)) {
            store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    /** Reads the sensor; put yours here. The sample counts up, so that a reading that is missing can be seen. */
    static String measure(int number) throws InterruptedException {
        Thread.sleep(2); // two readings of one tag never have one time
        long now = System.currentTimeMillis();
        // A clock that was never set is worse than none: then the time is left out, and Davy stamps on arrival.
        String ts = now > CLOCK_SET_AFTER_MS ? ",\"ts\":" + now : "";
        return "{\"tag\":\"" + env("GW_TAG", "AT-1/h2s") + "\",\"value\":" + number / 100.0 + ",\"unit\":\"" + env("GW_UNIT", "ppm")
            + "\"" + ts + "}";
    }

    /** Makes a message each period. */
    static void measureAll(BlockingQueue<String> made) {
        try {
            for (int number = 0, seq = 0; number < COUNT; seq++) {
                List<String> readings = new ArrayList<>();
                for (; readings.size() < BATCH && number < COUNT; number++) {
                    readings.add(measure(number));
                }
                made.put("{\"seq\":" + seq + ",\"readings\":[" + String.join(",", readings) + "]}");
                Thread.sleep(PERIOD_MS);
            }
        } catch (InterruptedException ended) {
            // Nobody interrupts it.
        }
    }

    /** Sends what is in the outbox, oldest first, and deletes a message when its PUBACK has come. How many were. */
    static int deliver(FutureConnection connection, Deque<String> outbox) throws Exception {
        List<Future<Void>> sent = new ArrayList<>();
        for (String payload : outbox) {
            if (sent.size() == IN_FLIGHT_MAX) break;
            sent.add(connection.publish(BASE + "/readings", payload.getBytes("UTF-8"), QoS.AT_LEAST_ONCE, false));
        }
        for (Future<Void> message : sent) {
            message.await(60, TimeUnit.SECONDS); // throws when the connection is lost
            outbox.removeFirst();
        }
        return sent.size();
    }

    /** Prints feedback until none comes for that long; gives back the wait for the next. */
    static Future<Message> listen(FutureConnection connection, Future<Message> waiting, long wait_ms) throws Exception {
        for (;;) {
            Future<Message> next = waiting == null ? connection.receive() : waiting;
            try {
                Message said = next.await(wait_ms, TimeUnit.MILLISECONDS);
                said.ack();
                // TIMESTAMP_FUTURE in it: this clock runs ahead, look at NTP.
                System.out.println("feedback: " + new String(said.getPayload(), "UTF-8"));
                waiting = null;
            } catch (TimeoutException quiet) {
                return next;
            }
        }
    }

    public static void main(String[] args) throws Exception {
        BlockingQueue<String> made = new LinkedBlockingQueue<>();
        Thread measuring = new Thread(() -> measureAll(made));
        measuring.start();
        Deque<String> outbox = new ArrayDeque<>();
        FutureConnection connection = null;
        Future<Message> waiting = null;
        Random random = new Random();
        int backoff_ms = 500;
        while (measuring.isAlive() || !made.isEmpty() || !outbox.isEmpty()) {
            made.drainTo(outbox);
            while (outbox.size() > OUTBOX_MAX) {
                System.out.println("outbox full: gave up " + outbox.removeFirst());
            }
            try {
                if (connection == null) {
                    connection = connect();
                }
                if (deliver(connection, outbox) > 0) {
                    backoff_ms = 500; // a connection that carried something was a good one
                }
                waiting = listen(connection, waiting, 20);
            } catch (Exception error) {
                // Full jitter, doubled up to half a minute: a thousand gateways must not come back in the same second.
                int pause_ms = random.nextInt(backoff_ms);
                System.out.println(error + ", again in " + pause_ms + " ms");
                if (connection != null) {
                    connection.kill();
                }
                connection = null;
                waiting = null;
                Thread.sleep(pause_ms);
                backoff_ms = Math.min(backoff_ms * 2, 30_000);
            }
        }
        listen(connection, waiting, 1500); // feedback is said once a second
        connection.publish(BASE + "/status", "offline".getBytes(), QoS.AT_LEAST_ONCE, true).await(5, TimeUnit.SECONDS);
        connection.disconnect().await(5, TimeUnit.SECONDS);
        System.out.println("sent: " + COUNT + " readings, every one acknowledged");
        System.exit(0);
    }
}
