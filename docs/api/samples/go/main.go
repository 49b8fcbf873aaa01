// Takes alerts from Davy as a durable consumer: acts on each once, and misses none. See README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math/rand"
	"os"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	api "davy/v1"
)

const (
	lostAfter                = 15 * time.Second // three heartbeats
	confirmEvery             = 64
	confirmAfter             = time.Second
	confirmLimit             = 5 * time.Second
	pauseMin, pauseMax       = 100 * time.Millisecond, 10 * time.Second
	keepaliveEvery, pingWait = 20 * time.Second, 10 * time.Second
)

// What another try does not mend: a person has to.
var final = map[codes.Code]bool{codes.InvalidArgument: true, codes.Unauthenticated: true,
	codes.PermissionDenied: true, codes.NotFound: true, codes.Unimplemented: true}

var errFile = errors.New("what was done cannot be written down")

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

type consumer struct {
	name     string
	done     *done
	watch    *watch
	snapshot bool
}

// Takes one stream until it breaks. Without a start it goes on after what was confirmed last.
func (c *consumer) follow() error {
	conn, err := connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	client := api.NewAlertServiceClient(conn)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c.watch.opened(cancel)
	request := &api.AlertServiceSubscribeRequest{Consumer: c.name, Heartbeat: true}
	if c.snapshot {
		request.Start = &api.AlertServiceSubscribeRequest_Snapshot{Snapshot: true}
	}
	stream, err := client.Subscribe(ctx, request)
	if err != nil {
		return err
	}
	var standing []deed
	token, confirmed, acted, confirmedAt := "", "", 0, time.Now()
	for {
		message, err := stream.Recv()
		if err != nil {
			return err
		}
		c.watch.event()
		switch event := message.Event.(type) {
		case *api.AlertServiceSubscribeResponse_SnapshotBegin:
			standing = nil // whoever keeps a board of alarms clears it here
		case *api.AlertServiceSubscribeResponse_Alarm:
			standing = append(standing, ofAlarm(event.Alarm))
		case *api.AlertServiceSubscribeResponse_SnapshotEnd:
			for _, each := range standing {
				if err := c.done.act(each); err != nil {
					return fmt.Errorf("%w: %v", errFile, err)
				}
			}
			c.snapshot, acted = false, confirmEvery
		case *api.AlertServiceSubscribeResponse_Alert:
			if err := c.done.act(ofAlert(event.Alert)); err != nil {
				return fmt.Errorf("%w: %v", errFile, err)
			}
			acted++
		case *api.AlertServiceSubscribeResponse_Heartbeat:
			c.watch.heartbeat(event.Heartbeat)
		case *api.AlertServiceSubscribeResponse_Gap:
			c.snapshot = true
			return fmt.Errorf("alerts are missing, asking how alarms stand: %v", event.Gap)
		default: // Davy is newer than this: only the token counts
		}
		if message.Token != "" {
			token = message.Token
		}
		due := acted >= confirmEvery || time.Since(confirmedAt) >= confirmAfter
		if due && token != confirmed {
			limited, stop := context.WithTimeout(ctx, confirmLimit)
			_, err := client.Confirm(limited, &api.AlertServiceConfirmRequest{Consumer: c.name, Token: token})
			stop()
			if err != nil {
				return err
			}
			acted, confirmed, confirmedAt = 0, token, time.Now()
			if err := c.done.confirmed(); err != nil {
				return fmt.Errorf("%w: %v", errFile, err)
			}
		}
	}
}

func main() {
	log.SetFlags(0)
	rand.Seed(time.Now().UnixNano())
	keep, err := strconv.Atoi(setting("DAVY_KEEP", "10000"))
	if err != nil {
		log.Fatal(err)
	}
	done, err := open(setting("DAVY_DONE", "done.jsonl"), keep)
	if err != nil {
		log.Fatal(err)
	}
	c := &consumer{name: setting("DAVY_CONSUMER", "sample-go"), done: done, watch: startWatch()}
	for pause := pauseMin; ; {
		began := time.Now()
		err := c.follow()
		c.watch.opened(nil)
		log.Print("the stream broke: ", explain(err))
		if errors.Is(err, errFile) {
			os.Exit(1)
		}
		if final[status.Code(err)] {
			sound("MONITORING LOST: Davy refuses this consumer, and it ends")
			os.Exit(2)
		}
		if time.Since(began) > pauseMax {
			pause = pauseMin
		}
		wait := time.Duration(float64(pause) * (0.5 + rand.Float64()/2))
		if wait < pauseMin {
			wait = pauseMin
		}
		time.Sleep(wait)
		if pause *= 2; pause > pauseMax {
			pause = pauseMax
		}
	}
}

// With the reason, which has a page in docs/errors.
func explain(err error) string {
	told, ok := status.FromError(err)
	if !ok {
		return err.Error()
	}
	reason := ""
	for _, detail := range told.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			reason = info.Reason
		}
	}
	return fmt.Sprint(told.Code(), " ", reason, " ", told.Message())
}
