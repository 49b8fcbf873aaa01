package main

import (
	"context"
	"log"
	"os"
	"os/exec"
	"sync"
	"time"

	api "davy/v1"
)

const anySite = "any site"

// Says aloud that monitoring is lost, beside the rest: whatever that waits for.
type watch struct {
	sync.Mutex
	good    map[string]time.Time // each site's last good heartbeat; "any site" until the first
	lost    map[string]bool
	cancel  context.CancelFunc // ends the open stream
	eventAt time.Time
}

func startWatch() *watch {
	w := &watch{good: map[string]time.Time{anySite: time.Now()}, lost: map[string]bool{}, eventAt: time.Now()}
	go func() {
		for range time.Tick(time.Second) {
			w.look()
		}
	}()
	return w
}

func (w *watch) opened(cancel context.CancelFunc) {
	w.Lock()
	defer w.Unlock()
	w.cancel, w.eventAt = cancel, time.Now()
}

func (w *watch) event() {
	w.Lock()
	defer w.Unlock()
	w.eventAt = time.Now()
}

// One that came late is none, nor is one of a Davy whose canary is overdue.
func (w *watch) heartbeat(beat *api.Heartbeat) {
	took := beat.InputLag.AsDuration() + beat.SentTime.AsTime().Sub(beat.RecordedTime.AsTime())
	if took > lostAfter || beat.Canary.GetState() == api.CanaryState_CANARY_STATE_OVERDUE {
		return
	}
	w.Lock()
	defer w.Unlock()
	delete(w.good, anySite)
	w.good[beat.Site] = time.Now()
}

func (w *watch) look() {
	w.Lock()
	defer w.Unlock()
	for site, at := range w.good {
		isLost := time.Since(at) > lostAfter
		if isLost && !w.lost[site] {
			sound("MONITORING LOST: no good heartbeat of " + site + " for 15 s")
		}
		if !isLost && w.lost[site] {
			log.Print("monitoring is back: ", site)
		}
		w.lost[site] = isLost
	}
	if w.cancel != nil && time.Since(w.eventAt) > lostAfter {
		w.cancel() // a connection that is dead and does not know
	}
}

// Tells a person who is not looking.
func sound(text string) {
	log.Print(text)
	if horn := os.Getenv("DAVY_LOST"); horn != "" {
		command := exec.Command(horn, text)
		if err := command.Start(); err != nil {
			log.Print(err)
			return
		}
		go command.Wait()
	}
}
