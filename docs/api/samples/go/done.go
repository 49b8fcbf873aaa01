package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"syscall"

	"google.golang.org/protobuf/types/known/timestamppb"

	api "davy/v1"
)

// What there is to do. A number without a name is told as it is: Davy may be newer than this.
type deed struct {
	ID         string `json:"id"`
	Recorded   string `json:"recorded"`
	Site       string `json:"site"`
	Sequence   uint64 `json:"sequence"`
	Transition string `json:"transition"`
	Tier       string `json:"tier"`
	State      string `json:"state"`
	Message    string `json:"message"`
}

func ofAlert(a *api.Alert) deed {
	return deed{a.Id, seconds(a.RecordedTime), a.Site, a.Sequence, a.Transition.String(), a.Tier.String(), a.State.String(), a.Message.GetEn()}
}

func seconds(time *timestamppb.Timestamp) string {
	return fmt.Sprintf("%d.%09d", time.GetSeconds(), time.GetNanos())
}

// One transition. Its id alone is not: Davy gives an id anew when what had it is not in its journal.
func (d deed) key() string { return d.ID + "@" + d.Recorded }

// An alarm that stands, under the key of the alert that made it so.
func ofAlarm(a *api.Alarm) deed {
	id := fmt.Sprintf("%s#%d.%d", a.Id, a.Occurrence, a.Step)
	return deed{id, seconds(a.LastTransitionTime), a.Site, a.LastSequence, "SNAPSHOT", a.Tier.String(), a.State.String(), a.Message.GetEn()}
}

// What was done, one line each. Key and deed are one write: after a crash both are there, or neither.
type done struct {
	path  string
	keep  int
	lock  *os.File
	file  *os.File
	keys  map[string]bool
	lines [][]byte
}

func keyOf(line []byte) (string, error) {
	var known deed
	err := json.Unmarshal(line, &known)
	return known.key(), err
}

func open(path string, keep int) (*done, error) {
	lock, err := os.Create(path + ".lock")
	if err != nil {
		return nil, err
	}
	// Two that share a file would act twice.
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("%s: %w", lock.Name(), err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	text = text[:bytes.LastIndexByte(text, '\n')+1] // the rest is half a line: killed while writing
	if err := file.Truncate(int64(len(text))); err != nil {
		return nil, err
	}
	d := &done{path: path, keep: keep, lock: lock, file: file, keys: map[string]bool{}}
	for _, line := range bytes.SplitAfter(text, []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		key, err := keyOf(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		d.keys[key], d.lines = true, append(d.lines, line)
	}
	return d, syncFolder(path)
}

func syncFolder(path string) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

func (d *done) act(what deed) error {
	key := what.key()
	if d.keys[key] {
		log.Print("done before: ", key)
		return nil
	}
	line, err := json.Marshal(what)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	// Yours comes here: in one transaction with the key, or a deed that may be done twice under the same key.
	if _, err := d.file.Write(line); err != nil {
		return err
	}
	if err := d.file.Sync(); err != nil {
		return err
	}
	d.keys[key], d.lines = true, append(d.lines, line)
	if len(os.Args) > 1 && os.Args[1] == "--print" {
		os.Stdout.Write(line)
	}
	return nil
}

// What is confirmed does not come again, but for alarms that stand: the newest are kept.
func (d *done) confirmed() error {
	if len(d.lines) < 2*d.keep {
		return nil
	}
	old := len(d.lines) - d.keep
	for _, line := range d.lines[:old] {
		if key, err := keyOf(line); err == nil {
			delete(d.keys, key)
		}
	}
	d.lines = append([][]byte(nil), d.lines[old:]...)
	file, err := os.Create(d.path + ".new")
	if err != nil {
		return err
	}
	if _, err := file.Write(bytes.Join(d.lines, nil)); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := os.Rename(d.path+".new", d.path); err != nil {
		return err
	}
	d.file.Close()
	d.file = file
	return syncFolder(d.path)
}
