package eventlog

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A Spread is how often what events have in common happened, over time.
type Spread struct {
	Value       string
	Count       int
	Events      int
	First, Last time.Time
	Over        []uint32 // how often, step by step
}

// Spread gives how often what happened: for each value that events are grouped by,
// the most frequent first, n counts of a step each, from Since of the filter on.
// What was folded counts when it happened last. It looks at each event once, and
// takes less time than Groups.
func (r *Reader) Spread(ctx context.Context, f *Filter, by string, step time.Duration, n int) ([]*Spread, error) {
	column, ok := GroupBy[by]
	if !ok {
		return nil, fmt.Errorf("events cannot be grouped by %q", by)
	}
	where, args, err := r.where(f)
	if err != nil {
		return nil, err
	}
	query := fmt.Sprintf("SELECT %s, (unixepoch(last)-%d)/%d, sum(count), count(*), min(time), max(last) FROM events%s GROUP BY 1, 2",
		column, f.Since.Unix(), int(step.Seconds()), where)
	rows, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*Spread // rows of a value follow one another
	for rows.Next() {
		var value, first, last string
		var place, count, events int
		if err := rows.Scan(&value, &place, &count, &events, &first, &last); err != nil {
			return nil, err
		}
		if len(list) == 0 || list[len(list)-1].Value != value {
			list = append(list, &Spread{Value: value, Over: make([]uint32, n)})
		}
		list[len(list)-1].add(min(max(place, 0), n-1), count, events, first, last)
	}
	slices.SortStableFunc(list, func(a, b *Spread) int { return b.Count - a.Count })
	return list, rows.Err()
}

func (s *Spread) add(place, count, events int, first, last string) {
	s.Over[place] += uint32(count)
	s.Count, s.Events = s.Count+count, s.Events+events
	if t, _ := time.Parse(timeLayout, first); s.First.IsZero() || t.Before(s.First) {
		s.First = t
	}
	if t, _ := time.Parse(timeLayout, last); t.After(s.Last) {
		s.Last = t
	}
}
