package eventlog

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// CountPeriod is the time that failures and the like are counted in beforehand:
// what Spread gives of many such periods does not look at each event.
const CountPeriod = 3 * time.Hour

// countedBy are the columns whose values have counts.
var countedBy = []string{"cause", "client", "binding"}

// countsSchema keeps in counts how often each value of some columns happened, in
// periods by when an event happened last. Triggers do it, so that a count changes
// with its event or not at all, whoever writes: new events, more of the same, another
// class, and what is too old or too much.
func countsSchema() string {
	period := func(row string) string { return fmt.Sprintf("unixepoch(%s.last)/%d", row, int(CountPeriod.Seconds())) }
	var in, out, add, fill strings.Builder
	for _, c := range countedBy {
		old := fmt.Sprintf("dimension='%[1]s' AND value=old.%[1]s AND period=%[2]s AND class=old.class AND id=old.id", c, period("old"))
		fmt.Fprintf(&in, "INSERT INTO counts VALUES ('%[1]s',new.%[1]s,%[2]s,new.class,new.id,new.count,1) ON CONFLICT DO UPDATE SET count=count+excluded.count, events=events+1;\n", c, period("new"))
		fmt.Fprintf(&out, "UPDATE counts SET count=count-old.count, events=events-1 WHERE %[1]s;\nDELETE FROM counts WHERE %[1]s AND events<=0;\n", old)
		fmt.Fprintf(&add, "UPDATE counts SET count=count+new.count-old.count WHERE %s;\n", old)
		fmt.Fprintf(&fill, "INSERT INTO counts SELECT '%[1]s',%[1]s,%[2]s,class,id,sum(count),count(*) FROM events GROUP BY 2,3,4,5;\n", c, period("events"))
	}
	same := fmt.Sprintf("%s=%s AND old.class=new.class", period("old"), period("new"))
	return fmt.Sprintf(`BEGIN;
CREATE TABLE counts (
  dimension TEXT NOT NULL,
  value     TEXT NOT NULL,
  period    INTEGER NOT NULL,
  class     TEXT NOT NULL,
  id        INTEGER NOT NULL,
  count     INTEGER NOT NULL,
  events    INTEGER NOT NULL,
  PRIMARY KEY (dimension, value, period, class, id)
) STRICT, WITHOUT ROWID;
%[4]sCREATE TRIGGER counts_in AFTER INSERT ON events BEGIN
%[1]sEND;
CREATE TRIGGER counts_out AFTER DELETE ON events BEGIN
%[2]sEND;
CREATE TRIGGER counts_more AFTER UPDATE OF count, last, class ON events WHEN %[5]s BEGIN
%[3]sEND;
CREATE TRIGGER counts_moved AFTER UPDATE OF count, last, class ON events WHEN NOT (%[5]s) BEGIN
%[2]s%[1]sEND;
COMMIT;`, in.String(), out.String(), add.String(), fill.String(), same)
}

// hasCounts reports whether a log has counts: one of an older version does not until
// a server has opened it.
func hasCounts(db *sql.DB) (has bool, err error) {
	err = db.QueryRow("SELECT count(*)>0 FROM sqlite_schema WHERE name='counts'").Scan(&has)
	return has, err
}

// counted gives the column to look for in counts if a spread can be had from there,
// and whether it can.
func (r *Reader) counted(f *Filter, column string, step time.Duration) (dimension string, ok bool) {
	rest := *f
	rest.Since, rest.Classes, rest.IDs = time.Time{}, nil, nil
	if where, _, err := r.where(&rest); err != nil || where != "" || !r.counts || step%CountPeriod != 0 || f.Since.Unix()%int64(CountPeriod.Seconds()) != 0 {
		return "", false
	}
	if column == "class" {
		return countedBy[0], true // each event is there once
	}
	return column, slices.Contains(countedBy, column)
}

// spreadOfCounts is Spread where counted says yes.
func (r *Reader) spreadOfCounts(ctx context.Context, f *Filter, dimension, column string, step time.Duration, n, most int) ([]*Spread, error) {
	since := f.Since.Unix() / int64(CountPeriod.Seconds())
	cond, args := "dimension=? AND period>=?", []any{dimension, since}
	chosen := &Filter{Classes: f.Classes, IDs: f.IDs}
	where, more, err := r.where(chosen)
	if err != nil {
		return nil, err
	}
	if where != "" {
		cond, args = cond+" AND "+strings.TrimPrefix(where, " WHERE "), append(args, more...)
	}
	value := "value"
	if column == "class" {
		value = "class"
	}
	if most <= 0 {
		most = -1 // all
	}
	// The most frequent first, and only of those how often when.
	query := fmt.Sprintf(`WITH top AS (SELECT %[1]s AS v, sum(count) AS n FROM counts WHERE %[2]s GROUP BY v ORDER BY n DESC, v LIMIT ?)
SELECT v, (period-%[3]d)/%[4]d, sum(count), sum(events) FROM top JOIN counts ON counts.%[1]s=v WHERE %[2]s GROUP BY top.n, v, 2 ORDER BY top.n DESC, v, 2`,
		value, cond, since, int(step/CountPeriod))
	rows, err := r.db.QueryContext(ctx, query, slices.Concat(args, []any{most}, args)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list, err := readSpreads(rows, n)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		if err := r.ends(ctx, f, column, s, step, n); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// ends finds out when what a spread counts happened first and last. An event happened
// at most foldLongest before it happened last, which is less than a step.
func (r *Reader) ends(ctx context.Context, f *Filter, column string, s *Spread, step time.Duration, n int) error {
	between := func(what string, from, to int) (time.Time, error) {
		until := f.Since.Add(time.Duration(to) * step)
		if to >= n {
			until = until.AddDate(100, 0, 0) // a clock may have been wrong
		}
		where, args, err := r.where(&Filter{Since: f.Since.Add(time.Duration(from) * step), Classes: f.Classes, IDs: f.IDs})
		if err != nil {
			return time.Time{}, err
		}
		var text sql.NullString
		err = r.db.QueryRowContext(ctx, "SELECT "+what+" FROM events"+where+" AND last<? AND "+column+"=?", append(args, timeText(until), s.Value)...).Scan(&text)
		t, _ := time.Parse(timeLayout, text.String)
		return t, err
	}
	first := slices.IndexFunc(s.Over, func(n uint32) bool { return n > 0 })
	if first < 0 {
		return nil
	}
	last := n - 1
	for s.Over[last] == 0 {
		last--
	}
	var err error
	if s.First, err = between("min(time)", first, first+2); err == nil {
		s.Last, err = between("max(last)", last, last+1)
	}
	return err
}
