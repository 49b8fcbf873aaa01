/* What a gateway does whatever carries its messages: batches readings, keeps an outbox until PUBACK, backs off with jitter.
 *
 * Knows no MQTT library, no clock and no operating system, so it runs the same on an ESP32 and on Linux. Not thread-safe:
 * hold a lock around the calls when the library calls back on a task of its own. */
#ifndef GATEWAY_H
#define GATEWAY_H

#include <stdbool.h>
#include <stdint.h>

enum {
    GW_OUTBOX_MAX = 64,         /* messages; at the bound the oldest is given up, and counted */
    GW_PAYLOAD_MAX = 1024,      /* bytes a message */
    GW_BACKOFF_FIRST_MS = 500,
    GW_BACKOFF_MAX_MS = 30000,
};

/* A clock that stands before this was never set: 2024-01-01, milliseconds since 1970. */
#define GW_CLOCK_SET_AFTER_MS 1704067200000LL

struct gw_message {
    uint32_t seq;
    int id;     /* the library's message id; -1 while it has not been handed over */
    int len;
    char payload[GW_PAYLOAD_MAX];
};

struct gateway {
    struct gw_message outbox[GW_OUTBOX_MAX]; /* a ring, the oldest at `first` */
    int first, count;
    uint32_t seq, given_up;
    uint32_t backoff_ms;
    char open[GW_PAYLOAD_MAX]; /* the batch that is being filled */
    int open_len, in_batch, batch;
};

void gw_init(struct gateway *gw, int batch);

/* Adds a reading; full batches go to the outbox. `ts_ms` 0 or from a clock that was never set: Davy stamps on arrival. */
void gw_measured(struct gateway *gw, const char *tag, double value, const char *unit, int64_t ts_ms);

/* Puts what was measured into the outbox though the batch is not full. */
void gw_flush(struct gateway *gw);

/* The oldest message that is to be handed to the library; NULL when there is none. */
struct gw_message *gw_next(struct gateway *gw);

/* PUBACK: the message is deleted. Only here. */
void gw_acknowledged(struct gateway *gw, int id);

/* The library has given the message up: it is handed over again. */
void gw_forgotten(struct gateway *gw, int id);

/* How long to wait before the next try: full jitter over a bound that doubles. `random` is any 32 random bits. */
uint32_t gw_backoff_ms(struct gateway *gw, uint32_t random);

bool gw_is_empty(const struct gateway *gw);

#endif
