// A gateway in Go over Eclipse Paho: measures, keeps an outbox until PUBACK, prints Davy's feedback.
//
//	go mod init gateway && go get github.com/eclipse/paho.mqtt.golang && go run gateway.go
//
// GW_HOST GW_PORT GW_SITE GW_NODE GW_TAG GW_UNIT   where, and what
// GW_USER GW_TOKEN GW_CA                           who we are, and the CA file of a TLS door
// GW_COUNT GW_BATCH GW_PERIOD_MS                   how many readings, how many in a message, the time between messages
//
// The outbox is in memory: it outlives Davy and the network, not this process. Put it in a file before it counts.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

const inFlightMax = 20   // messages without a PUBACK
const outboxMax = 10_000 // messages; at the bound the oldest is given up, and said

// A clock before this was never set.
var clockSetAfter = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

type reading struct {
	Tag   string  `json:"tag"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Ts    int64   `json:"ts,omitempty"` // ms since 1970; left out, Davy stamps on arrival
}

type message struct {
	Seq      int       `json:"seq"`
	Readings []reading `json:"readings"`
}

var base = fmt.Sprintf("davy/v1/%s/%s", env("GW_SITE", "workshop"), env("GW_NODE", "gw-1"))

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func number(name string, otherwise int) (value int) {
	if _, err := fmt.Sscan(env(name, fmt.Sprint(otherwise)), &value); err != nil {
		panic(err)
	}
	return value
}

// connect makes a client of its own for each connection: what it remembers of the last one cannot matter.
func connect(lost chan<- error) (mqtt.Client, error) {
	options := mqtt.NewClientOptions().SetAutoReconnect(false).SetKeepAlive(15 * time.Second)
	// The client id is this gateway's alone: a second connection with the same id throws the first one out.
	options.SetClientID(env("GW_SITE", "workshop") + "-" + env("GW_NODE", "gw-1")).SetConnectTimeout(10 * time.Second)
	options.SetWill(base+"/status", "lost", 1, true)
	options.SetConnectionLostHandler(func(_ mqtt.Client, err error) { lost <- err })
	options.SetUsername(env("GW_USER", "")).SetPassword(env("GW_TOKEN", ""))
	scheme := "tcp"
	if ca := env("GW_CA", ""); ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		options.SetTLSConfig(&tls.Config{RootCAs: roots})
		scheme = "ssl"
	}
	options.AddBroker(fmt.Sprintf("%s://%s:%s", scheme, env("GW_HOST", "127.0.0.1"), env("GW_PORT", "1883")))
	client := mqtt.NewClient(options)
	if token := client.Connect(); token.Wait() && token.Error() != nil {
		return nil, token.Error()
	}
	client.Subscribe(base+"/feedback", 1, func(_ mqtt.Client, said mqtt.Message) {
		fmt.Printf("feedback: %s\n", said.Payload()) // TIMESTAMP_FUTURE in it: this clock runs ahead, look at NTP
	})
	client.Publish(base+"/status", 1, true, "online")
	return client, nil
}

// measure reads the sensor; put yours here. The sample counts up, so that a reading that is missing can be seen.
func measure(number int) reading {
	time.Sleep(2 * time.Millisecond) // two readings of one tag never have one time
	made := reading{Tag: env("GW_TAG", "AT-1/h2s"), Value: float64(number) / 100, Unit: env("GW_UNIT", "ppm")}
	if now := time.Now(); now.After(clockSetAfter) {
		made.Ts = now.UnixMilli()
	}
	return made
}

// measureAll makes a message each period.
func measureAll(count int, made chan<- message) {
	batch, period := number("GW_BATCH", 5), time.Duration(number("GW_PERIOD_MS", 1000))*time.Millisecond
	for at, seq := 0, 0; at < count; seq++ {
		next := message{Seq: seq}
		for ; len(next.Readings) < batch && at < count; at++ {
			next.Readings = append(next.Readings, measure(at))
		}
		made <- next
		time.Sleep(period)
	}
	close(made)
}

// deliver sends what is in the outbox, oldest first, and deletes a message when its PUBACK has come.
func deliver(client mqtt.Client, outbox []message) ([]message, error) {
	var tokens []mqtt.Token
	for at := 0; at < len(outbox) && at < inFlightMax; at++ {
		payload, _ := json.Marshal(outbox[at]) // texts and numbers: it cannot fail
		tokens = append(tokens, client.Publish(base+"/readings", 1, false, payload))
	}
	for done, token := range tokens {
		if !token.WaitTimeout(60*time.Second) || token.Error() != nil {
			return outbox[done:], fmt.Errorf("no PUBACK: %v", token.Error())
		}
	}
	return outbox[len(tokens):], nil
}

func main() {
	rand.Seed(time.Now().UnixNano())
	count := number("GW_COUNT", 20)
	made, lost := make(chan message, 100), make(chan error, 1)
	go measureAll(count, made)
	var client mqtt.Client
	var outbox []message
	backoff, measuring := 500*time.Millisecond, true
	for measuring || len(outbox) > 0 {
		select {
		case next, open := <-made:
			if measuring = open; !open {
				made = nil // a closed channel would always be ready
				break
			}
			outbox = append(outbox, next)
			if len(outbox) > outboxMax {
				fmt.Printf("outbox full: gave up message %d\n", outbox[0].Seq)
				outbox = outbox[1:]
			}
		case err := <-lost:
			fmt.Println("connection lost:", err)
			client = nil
		case <-time.After(100 * time.Millisecond):
		}
		var err error
		if client == nil || !client.IsConnected() {
			client, err = connect(lost)
		}
		if err == nil && len(outbox) > 0 {
			before := len(outbox)
			if outbox, err = deliver(client, outbox); len(outbox) < before {
				backoff = 500 * time.Millisecond // a connection that carried something was a good one
			}
		}
		if err != nil {
			// Full jitter, doubled up to half a minute: a thousand gateways must not come back in the same second.
			pause := time.Duration(rand.Int63n(int64(backoff)))
			fmt.Printf("%v, again in %v\n", err, pause)
			time.Sleep(pause)
			if backoff *= 2; backoff > 30*time.Second {
				backoff = 30 * time.Second
			}
		}
	}
	time.Sleep(1500 * time.Millisecond) // feedback is said once a second
	client.Publish(base+"/status", 1, true, "offline").WaitTimeout(5 * time.Second)
	client.Disconnect(250)
	fmt.Printf("sent: %d readings, every one acknowledged\n", count)
}
