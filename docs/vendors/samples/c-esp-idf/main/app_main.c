/* The gateway of gateway.c on an ESP32, over ESP-IDF's esp-mqtt (ESP-IDF 5).
 *
 * The outbox of gateway.c is the truth. esp-mqtt has one of its own that sends again what has no PUBACK, and gives up after
 * CONFIG_MQTT_OUTBOX_EXPIRED_TIMEOUT_MS (30 s): with CONFIG_MQTT_REPORT_DELETED_MESSAGES=y it says so, and the message is
 * handed over again. Both are in RAM: to outlive a power cut, keep gateway.c's ring in a flash partition.
 *
 * Set these with idf.py menuconfig or here. */
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "esp_event.h"
#include "esp_log.h"
#include "esp_netif.h"
#include "esp_netif_sntp.h"
#include "esp_random.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "gateway.h"
#include "mqtt_client.h"
#include "nvs_flash.h"
#include "protocol_examples_common.h"

#define DAVY_URI "mqtts://davy.plant.example:8883"
#define DAVY_USER "workshop-gateways"
#define DAVY_TOKEN "the token you were given"
#define BASE "davy/v1/workshop/gw-1"
#define PERIOD_MS 1000

/* main/CMakeLists.txt: EMBED_TXTFILES ca.pem */
extern const char ca_pem[] asm("_binary_ca_pem_start");

static const char *TAG = "gateway";
static struct gateway gw;
static SemaphoreHandle_t gw_lock; /* esp-mqtt calls back on a task of its own */
static volatile bool connected, lost;

static void on_event(void *unused, esp_event_base_t base, int32_t id, void *data)
{
    esp_mqtt_event_handle_t event = data;
    (void)unused, (void)base;
    switch ((esp_mqtt_event_id_t)id) {
    case MQTT_EVENT_CONNECTED:
        connected = true;
        esp_mqtt_client_subscribe(event->client, BASE "/feedback", 1);
        esp_mqtt_client_publish(event->client, BASE "/status", "online", 0, 1, 1);
        break;
    case MQTT_EVENT_DISCONNECTED:
        connected = false;
        lost = true;
        break;
    case MQTT_EVENT_PUBLISHED: /* PUBACK: Davy has it on disk */
        xSemaphoreTake(gw_lock, portMAX_DELAY);
        gw_acknowledged(&gw, event->msg_id);
        xSemaphoreGive(gw_lock);
        break;
    case MQTT_EVENT_DELETED:
        xSemaphoreTake(gw_lock, portMAX_DELAY);
        gw_forgotten(&gw, event->msg_id);
        xSemaphoreGive(gw_lock);
        break;
    case MQTT_EVENT_DATA:
        ESP_LOGI(TAG, "feedback: %.*s", event->data_len, event->data);
        break;
    default:
        break;
    }
}

static esp_mqtt_client_handle_t start(void)
{
    esp_mqtt_client_config_t config = {
        .broker.address.uri = DAVY_URI,
        .broker.verification.certificate = ca_pem,
        /* The client id is this gateway's alone: a second connection with the same id throws the first one out. */
        .credentials.client_id = "workshop-gw-1",
        .credentials.username = DAVY_USER,
        .credentials.authentication.password = DAVY_TOKEN,
        .session.keepalive = 15,
        .session.last_will = {.topic = BASE "/status", .msg = "lost", .qos = 1, .retain = 1},
        /* esp-mqtt comes back after a fixed time; we come back with jitter. */
        .network.disable_auto_reconnect = true,
    };
    esp_mqtt_client_handle_t client = esp_mqtt_client_init(&config);
    ESP_ERROR_CHECK(esp_mqtt_client_register_event(client, ESP_EVENT_ANY_ID, on_event, NULL));
    ESP_ERROR_CHECK(esp_mqtt_client_start(client));
    return client;
}

static int64_t now_ms(void) /* 1970 until SNTP has set it; gw_measured then leaves the time out */
{
    struct timeval now;
    gettimeofday(&now, NULL);
    return (int64_t)now.tv_sec * 1000 + now.tv_usec / 1000;
}

static void hand_over(esp_mqtt_client_handle_t client)
{
    struct gw_message *next;
    xSemaphoreTake(gw_lock, portMAX_DELAY);
    while (connected && (next = gw_next(&gw)) != NULL) {
        /* Only copies it and goes on, so that the lock is not held over the network. */
        next->id = esp_mqtt_client_enqueue(client, BASE "/readings", next->payload, next->len, 1, 0, true);
        if (next->id < 0) break; /* no memory now: later */
    }
    xSemaphoreGive(gw_lock);
}

void app_main(void)
{
    ESP_ERROR_CHECK(nvs_flash_init());
    ESP_ERROR_CHECK(esp_netif_init());
    ESP_ERROR_CHECK(esp_event_loop_create_default());
    ESP_ERROR_CHECK(example_connect()); /* Wi-Fi or Ethernet, as menuconfig says */
    esp_sntp_config_t sntp = ESP_NETIF_SNTP_DEFAULT_CONFIG("ntp.plant.example");
    ESP_ERROR_CHECK(esp_netif_sntp_init(&sntp));
    gw_lock = xSemaphoreCreateMutex();
    gw_init(&gw, 5);
    esp_mqtt_client_handle_t client = start();
    for (int made = 0;; made++) {
        xSemaphoreTake(gw_lock, portMAX_DELAY);
        /* Reads the sensor; put yours here. */
        gw_measured(&gw, "AT-1/h2s", made % 500 / 100.0, "ppm", now_ms());
        uint32_t pause_ms = lost ? gw_backoff_ms(&gw, esp_random()) : 0;
        xSemaphoreGive(gw_lock);
        hand_over(client);
        vTaskDelay(pdMS_TO_TICKS(PERIOD_MS + pause_ms));
        if (pause_ms > 0) {
            lost = false;
            esp_mqtt_client_reconnect(client);
        }
    }
}
