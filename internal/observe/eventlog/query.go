package eventlog

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// A Filter chooses events. What is empty chooses all.
type Filter struct {
	Since, Until time.Time // Since: the last of an event; Until: the first
	ServerName   string    // *.example.com: whatever is below, to any depth
	Peer         string    // an address, or a network such as 192.0.2.0/24
	Cause        string    // * stands for anything
	Binding      string
	Client       string // how a JA4 begins
	Connection   string // the ID of one
	Classes      []Class
	Levels       []Level
	IDs          []ID
	Numbers      []int64

	after int64 // only what has changed since
}

const ja4Length = 36

func init() {
	sqlite.MustRegisterDeterministicScalarFunction("within_network", 2, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		network, _ := args[0].(string)
		address, _ := args[1].(string)
		p, err := netip.ParsePrefix(network)
		if err != nil {
			return nil, err
		}
		a, err := netip.ParseAddr(address)
		return err == nil && p.Contains(a.Unmap()), nil
	})
}

// where gives the condition of SQL.
func (r *Reader) where(f *Filter) (string, []any, error) {
	var and []string
	var args []any
	add := func(cond string, values ...any) {
		and = append(and, cond)
		args = append(args, values...)
	}
	if !f.Since.IsZero() {
		add("last>=?", timeText(f.Since))
	}
	if !f.Until.IsZero() {
		add("time<=?", timeText(f.Until))
	}
	if f.after > 0 {
		add("change>?", f.after)
	}
	switch { // there are indexes for what is not a pattern
	case strings.Contains(f.Cause, "*"):
		add("cause GLOB ?", globOf(f.Cause))
	case f.Cause != "":
		add("cause=?", f.Cause)
	}
	if f.Binding != "" {
		add("binding=?", strings.ToLower(f.Binding)) // as they are written
	}
	switch {
	case len(f.Client) == ja4Length:
		add("client=?", f.Client)
	case f.Client != "":
		add("substr(client,1,?)=?", len(f.Client), f.Client)
	}
	if f.Connection != "" {
		add("EXISTS (SELECT 1 FROM json_each(fields,'$.connections') WHERE value=?)", strings.ToLower(f.Connection))
	}
	r.whereName(f.ServerName, add)
	if err := r.wherePeer(f.Peer, add); err != nil {
		return "", nil, err
	}
	one(add, "class", f.Classes, func(c Class) any { return c.String() })
	one(add, "level", f.Levels, func(l Level) any { return int(l) })
	one(add, "id", f.IDs, func(id ID) any { return int(id) })
	one(add, "number", f.Numbers, func(n int64) any { return n })
	if len(and) == 0 {
		return "", nil, nil
	}
	return " WHERE " + strings.Join(and, " AND "), args, nil
}

// one adds that a column has one of some values.
func one[T any](add func(string, ...any), column string, list []T, value func(T) any) {
	if len(list) == 0 {
		return
	}
	var values []any
	for _, x := range list {
		values = append(values, value(x))
	}
	add(column+" IN ("+strings.Repeat("?,", len(list)-1)+"?)", values...)
}

// globOf makes a pattern of SQLite of one in which only * means something.
func globOf(pattern string) string {
	return strings.NewReplacer("[", "[[]", "?", "[?]").Replace(pattern)
}

// whereName looks for a name, and for its hash: the setting may have changed.
func (r *Reader) whereName(name string, add func(string, ...any)) {
	switch {
	case name == "":
	case strings.Contains(name, "*"):
		add("lower(server_name) GLOB ?", globOf(strings.ToLower(name)))
	case r.hasher != nil:
		add("(server_name=? COLLATE NOCASE OR server_name=?)", name, r.hasher.name(name))
	default:
		add("server_name=? COLLATE NOCASE", name)
	}
}

func (r *Reader) wherePeer(peer string, add func(string, ...any)) error {
	if peer == "" || strings.HasPrefix(peer, hashPrefix) {
		if peer != "" {
			add("peer=?", peer)
		}
		return nil
	}
	if p, err := netip.ParsePrefix(peer); err == nil {
		add("within_network(?,peer)", p.Masked().String())
		return nil
	}
	a, err := netip.ParseAddr(peer)
	if err != nil {
		return fmt.Errorf("%q is neither an IP address nor a network such as 192.0.2.0/24", peer)
	}
	text := a.Unmap().String()
	if r.hasher == nil {
		add("peer=?", text)
	} else {
		add("peer IN (?,?)", text, r.hasher.address(text))
	}
	return nil
}

const columns = "number,change,time,last,count,id,level,class,cause,peer,server_name,binding,client,computer,message,fields"

// Events calls yield with the events that a filter chooses, in the order in which
// they happened last; the latest of them if there are more than most. It ends when
// yield says false.
func (r *Reader) Events(ctx context.Context, f *Filter, most int, yield func(*Event) bool) error {
	where, args, err := r.where(f)
	if err != nil {
		return err
	}
	query := "SELECT " + columns + " FROM events" + where + " ORDER BY last, number"
	if most > 0 {
		query = "SELECT * FROM (SELECT " + columns + " FROM events" + where + " ORDER BY last DESC, number DESC LIMIT ?) ORDER BY last, number"
		args = append(args, most)
	}
	rows, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		e, err := scan(rows)
		if err != nil {
			return err
		}
		r.seen = max(r.seen, e.change)
		if !yield(e) {
			return nil
		}
	}
	return rows.Err()
}

func scan(rows *sql.Rows) (*Event, error) {
	e := &Event{Source: Source}
	var first, last, class, fields string
	var level, id int
	err := rows.Scan(&e.Number, &e.change, &first, &last, &e.Count, &id, &level, &class, &e.Cause, &e.Peer, &e.ServerName, &e.Binding, &e.Client, &e.Computer, &e.Message, &fields)
	if err != nil {
		return nil, err
	}
	e.ID, e.Level = ID(id), Level(level)
	if e.Time, err = time.Parse(timeLayout, first); err == nil {
		e.Last, err = time.Parse(timeLayout, last)
	}
	if err == nil {
		err = e.Class.UnmarshalText([]byte(class))
	}
	if err == nil {
		err = json.Unmarshal([]byte(fields), &e.Fields)
	}
	if err != nil {
		return nil, fmt.Errorf("event %d cannot be read: %w", e.Number, err)
	}
	return e, nil
}

// Follow calls yield with what is written from now on, until the context is done:
// with what Events has not given, and was not there when the log was opened. An
// event to which more of the same was added comes again, with its new count.
func (r *Reader) Follow(ctx context.Context, f *Filter, yield func(*Event) bool) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for next := *f; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		next.after = r.seen
		if since := time.Now().Add(-followed); f.Since.Before(since) {
			next.Since = since // there is an index for that
		}
		done := false
		err := r.Events(ctx, &next, 0, func(e *Event) bool {
			done = !yield(e)
			return !done
		})
		if done || ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// At calls yield with the events that may be of something that happened at a time:
// those that hold it, which end first in front. It ends when yield says false.
func (r *Reader) At(ctx context.Context, t time.Time, yield func(*Event) bool) error {
	at := timeText(t)
	rows, err := r.db.QueryContext(ctx, "SELECT "+columns+" FROM events WHERE last>=? AND last<=? AND time<=? ORDER BY last, number",
		at, timeText(t.Add(foldLongest+foldIdle)), at)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		e, err := scan(rows)
		if err != nil || !yield(e) {
			return err
		}
	}
	return rows.Err()
}

// A Group is what many events have in common.
type Group struct {
	By       string    `json:"by"`
	Value    string    `json:"value"`
	Count    int       `json:"count"` // how often it happened
	Events   int       `json:"events"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Causes   int       `json:"causes"`
	Peers    int       `json:"peers"`         // addresses of the events, as far as they are kept
	Names    int       `json:"server_names"`  // likewise
	Top      string    `json:"top,omitempty"` // the most frequent cause; of causes, the server name
	TopCount int       `json:"top_count,omitempty"`
}

// GroupBy says what events can be grouped by, and which column that is.
var GroupBy = map[string]string{
	"cause": "cause", "client": "peer", "program": "client", "binding": "binding", "sni": "server_name", "class": "class", "id": "id", "level": "level",
}

// Groups gives how often what happened, the most frequent first.
func (r *Reader) Groups(ctx context.Context, f *Filter, by string) ([]Group, error) {
	column, ok := GroupBy[by]
	if !ok {
		return nil, fmt.Errorf("events cannot be grouped by %q", by)
	}
	top := "cause"
	if column == "cause" {
		top = "server_name"
	}
	where, args, err := r.where(f)
	if err != nil {
		return nil, err
	}
	query := fmt.Sprintf(`WITH chosen AS MATERIALIZED (SELECT %[2]s AS v, %[3]s AS t, count, time, last, cause, nullif(peer,'') AS peer, nullif(server_name,'') AS name FROM events%[1]s),
part AS (SELECT v, t, sum(count) AS n FROM chosen GROUP BY v, t),
best AS (SELECT v, t, max(n) AS n FROM part GROUP BY v)
SELECT chosen.v, sum(count), count(*), min(time), max(last), count(DISTINCT cause), count(DISTINCT peer), count(DISTINCT name), best.t, best.n
FROM chosen JOIN best ON best.v = chosen.v GROUP BY chosen.v ORDER BY sum(count) DESC, chosen.v`, where, column, top)
	rows, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Group
	for rows.Next() {
		g := Group{By: by}
		var first, last string
		if err := rows.Scan(&g.Value, &g.Count, &g.Events, &first, &last, &g.Causes, &g.Peers, &g.Names, &g.Top, &g.TopCount); err != nil {
			return nil, err
		}
		g.First, _ = time.Parse(timeLayout, first)
		g.Last, _ = time.Parse(timeLayout, last)
		list = append(list, g)
	}
	return list, rows.Err()
}
