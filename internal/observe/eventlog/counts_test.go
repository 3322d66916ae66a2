package eventlog

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"
)

// TestCounts: what is counted beforehand is what there is when events are new, happen
// again, change their class and are removed, and after a log without counts was opened.
func TestCounts(t *testing.T) {
	dir := t.TempDir()
	open := func() *store {
		t.Helper()
		s, err := openStore(filepath.Join(dir, FileName))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(n int) string { return string(rune('a' + random.IntN(n))) }
	now := start.Truncate(12 * time.Hour)
	var folds []*fold
	for round := range 60 {
		for range 20 {
			e := &Event{ID: AlertSent + ID(random.IntN(3)), Time: now, Last: now, Count: 1, Class: Class(random.IntN(3)), Cause: pick(5), Client: pick(3), Binding: pick(4), Peer: pick(9)}
			folds = append(folds, &fold{event: e})
			now = now.Add(time.Duration(random.IntN(600)) * time.Second)
		}
		for range 5 { // the same again, also in the next period
			f := folds[random.IntN(len(folds))]
			f.event.Count, f.event.Last = f.event.Count+random.IntN(4), f.event.Last.Add(time.Duration(random.IntN(3600))*time.Second)
			folds = append(folds, f)
		}
		if err := s.write(folds, []mending{{peer: pick(9), was: Class(random.IntN(3)), class: Class(random.IntN(3)), since: now.Add(-time.Hour)}}); err != nil {
			t.Fatal(err)
		}
		folds = folds[max(0, len(folds)-10):]
		if round%10 == 9 { // retention, and another start
			if _, err := s.trim(start.Add(time.Duration(round)*time.Hour), 0); err != nil {
				t.Fatal(err)
			}
			if round == 39 {
				if _, err := s.db.Exec("DROP TABLE counts; DROP TRIGGER counts_in; DROP TRIGGER counts_out; DROP TRIGGER counts_more; DROP TRIGGER counts_moved"); err != nil {
					t.Fatal(err)
				}
			}
			s.close()
			compareCounts(t, dir, start)
			s = open()
			if !compareCounts(t, dir, start.Add(30*time.Hour)) {
				t.Fatal("there are no counts")
			}
		}
	}
	if _, err := s.trim(now.AddDate(1, 0, 0), 0); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := s.db.QueryRow("SELECT count(*) FROM counts").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d counts are left of no events, %v", left, err)
	}
	s.close()
}

// compareCounts compares spreads of counts, if there are any, with those of events.
func compareCounts(t *testing.T, dir string, since time.Time) (has bool) {
	t.Helper()
	r, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	has = r.counts
	for _, f := range []Filter{{}, {Classes: []Class{Client}}, {Classes: []Class{Scanner, Health}, IDs: []ID{AlertSent, ClosedHere}}} {
		for _, step := range []time.Duration{CountPeriod, 4 * CountPeriod} {
			f.Since = since.Truncate(step)
			for _, by := range []string{"cause", "program", "binding", "class"} {
				var told [2]string
				for i, counts := range []bool{has, false} {
					r.counts = counts
					spreads, err := r.Spread(context.Background(), &f, by, step, 20, 3)
					if err != nil {
						t.Fatal(err)
					}
					for _, s := range spreads {
						told[i] += fmt.Sprintf("%+v\n", *s)
					}
				}
				if told[0] != told[1] {
					t.Fatalf("by %s in steps of %v since %v, %+v:\n%s, and of the events\n%s", by, step, f.Since, f, told[0], told[1])
				}
			}
		}
	}
	return has
}
