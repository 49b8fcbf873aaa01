/* The gateway of main/gateway.c on Linux, over libmosquitto.
 *
 *   cc -I../main -o gateway ../main/gateway.c main.c -lmosquitto
 *
 * GW_HOST GW_PORT GW_SITE GW_NODE GW_TAG GW_UNIT   where, and what
 * GW_USER GW_TOKEN GW_CA                           who we are, and the CA file of a TLS door
 * GW_COUNT GW_BATCH GW_PERIOD_MS                   how many readings, how many in a message, the time between messages
 *
 * The outbox is in memory: it outlives Davy and the network, not this process. */
#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway.h"

static struct gateway gw;
static bool connected;
static char readings[160], status[160], feedback[160];

static const char *env(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : otherwise;
}

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_connect(struct mosquitto *client, void *unused, int reason)
{
    (void)unused;
    if (reason != 0) {
        printf("refused: %s\n", mosquitto_connack_string(reason));
        return;
    }
    connected = true;
    mosquitto_subscribe(client, NULL, feedback, 1);
    mosquitto_publish(client, NULL, status, 6, "online", 1, true);
}

static void on_disconnect(struct mosquitto *client, void *unused, int reason)
{
    (void)client, (void)unused;
    connected = false;
    printf("disconnected: %d\n", reason);
}

static void on_publish(struct mosquitto *client, void *unused, int id) /* PUBACK: Davy has it on disk */
{
    (void)client, (void)unused;
    gw_acknowledged(&gw, id);
}

static void on_message(struct mosquitto *client, void *unused, const struct mosquitto_message *said)
{
    (void)client, (void)unused;
    printf("feedback: %.*s\n", said->payloadlen, (const char *)said->payload);
    /* libmosquitto ends every payload with a NUL of its own. */
    if (strstr(said->payload, "TIMESTAMP_FUTURE") != NULL) printf("this clock runs ahead: look at NTP\n");
}

static struct mosquitto *new_client(const char *site, const char *node)
{
    char id[128];
    /* The client id is this gateway's alone: a second connection with the same id throws the first one out. */
    snprintf(id, sizeof id, "%s-%s", site, node);
    struct mosquitto *client = mosquitto_new(id, true, NULL);
    mosquitto_will_set(client, status, 4, "lost", 1, true);
    if (getenv("GW_USER") != NULL) mosquitto_username_pw_set(client, getenv("GW_USER"), getenv("GW_TOKEN"));
    if (getenv("GW_CA") != NULL) mosquitto_tls_set(client, getenv("GW_CA"), NULL, NULL, NULL, NULL);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_disconnect_callback_set(client, on_disconnect);
    mosquitto_publish_callback_set(client, on_publish);
    mosquitto_message_callback_set(client, on_message);
    return client;
}

/* A moment of the connection. What is in flight when it breaks, the library sends again when it is back. */
static void step(struct mosquitto *client)
{
    static int64_t asked_ms;
    struct gw_message *next;
    while (connected && (next = gw_next(&gw)) != NULL) {
        if (mosquitto_publish(client, &next->id, readings, next->len, next->payload, 1, false) != MOSQ_ERR_SUCCESS) break;
    }
    int error = mosquitto_loop(client, 20, 1);
    bool slow = error == MOSQ_ERR_SUCCESS && !connected && clock_ms(CLOCK_MONOTONIC) - asked_ms > 10000;
    if (error == MOSQ_ERR_SUCCESS && !slow) return;
    uint32_t pause_ms = gw_backoff_ms(&gw, (uint32_t)random());
    printf("%s, again in %u ms\n", slow ? "no CONNACK" : mosquitto_strerror(error), (unsigned)pause_ms);
    usleep(pause_ms * 1000);
    asked_ms = clock_ms(CLOCK_MONOTONIC);
    mosquitto_reconnect(client);
}

int main(void)
{
    const char *site = env("GW_SITE", "workshop"), *node = env("GW_NODE", "gw-1");
    int count = atoi(env("GW_COUNT", "20")), batch = atoi(env("GW_BATCH", "5")), period_ms = atoi(env("GW_PERIOD_MS", "1000"));
    snprintf(readings, sizeof readings, "davy/v1/%s/%s/readings", site, node);
    snprintf(status, sizeof status, "davy/v1/%s/%s/status", site, node);
    snprintf(feedback, sizeof feedback, "davy/v1/%s/%s/feedback", site, node);
    setvbuf(stdout, NULL, _IOLBF, 0);
    srandom((unsigned)time(NULL) ^ (unsigned)getpid());
    gw_init(&gw, batch);
    mosquitto_lib_init();
    struct mosquitto *client = new_client(site, node);
    mosquitto_connect(client, env("GW_HOST", "127.0.0.1"), atoi(env("GW_PORT", "1883")), 15);
    int64_t next_ms = 0, last_words_ms = 0;
    for (int made = 0; made < count || !gw_is_empty(&gw) || clock_ms(CLOCK_MONOTONIC) < last_words_ms;) {
        int64_t now_ms = clock_ms(CLOCK_MONOTONIC);
        for (int end = made + batch; made < count && made < end && now_ms >= next_ms; made++) {
            usleep(2000); /* two readings of one tag never have one time */
            /* Reads the sensor; put yours here. The sample counts up, so that a reading that is missing can be seen. */
            gw_measured(&gw, env("GW_TAG", "AT-1/h2s"), made / 100.0, env("GW_UNIT", "ppm"), clock_ms(CLOCK_REALTIME));
            if (made + 1 == count) gw_flush(&gw);
            if (made + 1 == end || made + 1 == count) next_ms = now_ms + period_ms;
        }
        step(client);
        if (made < count || !gw_is_empty(&gw)) last_words_ms = clock_ms(CLOCK_MONOTONIC) + 1500; /* feedback: once a second */
    }
    mosquitto_publish(client, NULL, status, 7, "offline", 1, true);
    mosquitto_loop(client, 100, 1);
    mosquitto_disconnect(client);
    printf("sent: %d readings, every one acknowledged; %u messages given up\n", count, (unsigned)gw.given_up);
    return gw.given_up == 0 ? 0 : 1;
}
