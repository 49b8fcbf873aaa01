#include "gateway.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void gw_init(struct gateway *gw, int batch)
{
    memset(gw, 0, sizeof *gw);
    gw->batch = batch;
    gw->backoff_ms = GW_BACKOFF_FIRST_MS;
}

static struct gw_message *at(struct gateway *gw, int place)
{
    return &gw->outbox[(gw->first + place) % GW_OUTBOX_MAX];
}

/* The oldest of those that were acknowledged may leave the ring. An acknowledged one between others has length 0. */
static void let_go(struct gateway *gw)
{
    while (gw->count > 0 && at(gw, 0)->len == 0) {
        gw->first = (gw->first + 1) % GW_OUTBOX_MAX;
        gw->count--;
    }
}

void gw_flush(struct gateway *gw)
{
    if (gw->in_batch == 0) return;
    if (gw->count == GW_OUTBOX_MAX) {
        at(gw, 0)->len = 0;
        gw->given_up++;
        let_go(gw);
    }
    struct gw_message *message = at(gw, gw->count++);
    message->seq = gw->seq++;
    message->id = -1;
    message->len = snprintf(message->payload, GW_PAYLOAD_MAX, "{\"seq\":%" PRIu32 ",\"readings\":[%s]}", message->seq, gw->open);
    gw->open_len = gw->in_batch = 0;
}

void gw_measured(struct gateway *gw, const char *tag, double value, const char *unit, int64_t ts_ms)
{
    char reading[256], ts[32] = "";
    if (ts_ms > GW_CLOCK_SET_AFTER_MS) snprintf(ts, sizeof ts, ",\"ts\":%" PRId64, ts_ms);
    int len = snprintf(reading, sizeof reading, "{\"tag\":\"%s\",\"value\":%.9g,\"unit\":\"%s\"%s}", tag, value, unit, ts);
    if (len >= (int)sizeof reading) return; /* a name longer than a tag may have */
    /* 48 bytes are kept for what gw_flush puts around. */
    if (gw->open_len + len + 1 > GW_PAYLOAD_MAX - 48) gw_flush(gw);
    gw->open_len += snprintf(gw->open + gw->open_len, GW_PAYLOAD_MAX - gw->open_len, "%s%s", gw->in_batch ? "," : "", reading);
    if (++gw->in_batch >= gw->batch) gw_flush(gw);
}

struct gw_message *gw_next(struct gateway *gw)
{
    for (int place = 0; place < gw->count; place++) {
        struct gw_message *message = at(gw, place);
        if (message->len > 0 && message->id < 0) return message;
    }
    return NULL;
}

static struct gw_message *by_id(struct gateway *gw, int id)
{
    for (int place = 0; place < gw->count; place++) {
        if (at(gw, place)->len > 0 && at(gw, place)->id == id) return at(gw, place);
    }
    return NULL; /* the status, or the feedback's subscription */
}

void gw_acknowledged(struct gateway *gw, int id)
{
    struct gw_message *message = by_id(gw, id);
    if (message == NULL) return;
    message->len = 0;
    let_go(gw);
    gw->backoff_ms = GW_BACKOFF_FIRST_MS; /* a connection that carried something was a good one */
}

void gw_forgotten(struct gateway *gw, int id)
{
    struct gw_message *message = by_id(gw, id);
    if (message != NULL) message->id = -1;
}

uint32_t gw_backoff_ms(struct gateway *gw, uint32_t random)
{
    uint32_t pause = random % gw->backoff_ms;
    gw->backoff_ms = gw->backoff_ms * 2 > GW_BACKOFF_MAX_MS ? GW_BACKOFF_MAX_MS : gw->backoff_ms * 2;
    return pause;
}

bool gw_is_empty(const struct gateway *gw)
{
    return gw->count == 0 && gw->in_batch == 0;
}
