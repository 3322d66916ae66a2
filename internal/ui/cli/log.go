package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/handsel-tls/handsel/internal/observe/eventlog"
	"github.com/handsel-tls/handsel/internal/observe/explain"
)

// logFlags are the flags of handsel log.
type logFlags struct {
	data, format, by          string
	follow, all, json         bool
	last                      int
	since, until              string
	sni, peer, cause, binding string
	program, connection       string
	classes, levels           []string
	ids                       []int
}

func (a *app) logCommand() *cobra.Command {
	var f logFlags
	c := &cobra.Command{
		Use:   "log",
		Short: "Show the events of a server: what failed, and what succeeded and should be known",
		Long: `log shows what handsel serve has kept: each handshake that failed, and those that
succeeded with something weak, with a certificate near its end, or in full although
a session could have been resumed. What happens again and again is one line with a
count. A server may be running meanwhile.

Scanners, health checks, opened ports and plain HTTP are counted in the last line
and shown with --all or --class. docs/events.md has all kinds of events.

--since and --until take how long ago (90s, 15m, 6h, 7d) or a time (2026-11-24,
2026-11-24 14:30, RFC 3339).`,
		Example: `  handsel log
  handsel log --follow --sni '*.example.com'
  handsel log --since 1d --by cause
  handsel log --peer 192.0.2.0/24 --all
  handsel log show 17
  handsel log --connection 5f1c08a2e94b7d36
  handsel log --since 7d --json > events.jsonl
  handsel log --format system`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.log(cmd.Context(), &f) },
	}
	f.register(c)
	c.AddCommand(a.logShowCommand(&f))
	return c
}

// register gives the command its flags, and what completes them.
func (f *logFlags) register(c *cobra.Command) {
	c.PersistentFlags().StringVar(&f.data, "data", "", "data folder (default: handsel in the user's configuration folder)")
	c.PersistentFlags().BoolVar(&f.json, "json", false, "print JSON, an object a line")
	flags := c.Flags()
	flags.StringVar(&f.format, "format", "text", "text, json, or as the system log of Windows has them: system, xml")
	flags.BoolVarP(&f.follow, "follow", "f", false, "go on with what happens from now on")
	flags.IntVarP(&f.last, "last", "n", 0, "show the latest events only, so many (default: 10 with --follow, 50 on a terminal, else all)")
	flags.BoolVarP(&f.all, "all", "a", false, "also scanners, health checks, opened ports and plain HTTP")
	flags.StringVar(&f.by, "by", "", "count them by cause, client (address), program (fingerprint), sni, binding, class, id or level")
	flags.StringVar(&f.since, "since", "", "only what happened since")
	flags.StringVar(&f.until, "until", "", "only what happened until")
	flags.StringVar(&f.sni, "sni", "", "only for this server name; *.example.com for all below")
	flags.StringVar(&f.peer, "peer", "", "only from this address or network")
	flags.StringVar(&f.cause, "cause", "", "only with this cause; * stands for anything")
	flags.StringVar(&f.binding, "binding", "", "only at this binding")
	flags.StringVar(&f.program, "program", "", "only of this program, by how its JA4 begins")
	flags.StringVar(&f.connection, "connection", "", "only of this connection, by its ID in the access log")
	flags.StringSliceVar(&f.classes, "class", nil, "only of these classes: "+strings.Join(eventlog.Classes, ", "))
	flags.StringSliceVar(&f.levels, "level", nil, "only of these levels: error, warning, information")
	flags.IntSliceVar(&f.ids, "id", nil, "only with these event ids")
	c.MarkFlagDirname("data")
	for flag, words := range map[string][]string{
		"format": {"text", "json", "system", "xml"}, "by": slices.Sorted(maps.Keys(eventlog.GroupBy)),
		"class": eventlog.Classes, "level": {"error", "warning", "information"},
	} {
		c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
	c.RegisterFlagCompletionFunc("cause", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var ids []string
		for _, cause := range explain.Causes() {
			ids = append(ids, cause.ID)
		}
		return ids, cobra.ShellCompDirectiveNoFileComp
	})
}

// filter makes the filter of the flags.
func (f *logFlags) filter(now time.Time) (*eventlog.Filter, error) {
	to := &eventlog.Filter{ServerName: f.sni, Peer: f.peer, Cause: f.cause, Binding: f.binding, Client: f.program, Connection: f.connection}
	var err error
	if to.Since, err = moment(f.since, now); err != nil {
		return nil, fmt.Errorf("--since: %w", err)
	}
	if to.Until, err = moment(f.until, now); err != nil {
		return nil, fmt.Errorf("--until: %w", err)
	}
	for _, id := range f.ids {
		to.IDs = append(to.IDs, eventlog.ID(id))
	}
	for _, word := range f.levels {
		var l eventlog.Level
		if err := l.UnmarshalText([]byte(word)); err != nil {
			return nil, fmt.Errorf("--level: %w", err)
		}
		to.Levels = append(to.Levels, l)
	}
	for _, word := range f.classes {
		var c eventlog.Class
		if err := c.UnmarshalText([]byte(word)); err != nil {
			return nil, fmt.Errorf("--class: %w", err)
		}
		to.Classes = append(to.Classes, c)
	}
	return to, nil
}

// usual is how many events are listed if nobody says: 0 stands for all.
func (f *logFlags) usual(terminal bool) int {
	switch {
	case f.follow:
		return 10
	case terminal && f.format == "text":
		return 50
	}
	return 0
}

// hides reports whether strangers are left out.
func (f *logFlags) hides() bool { return !f.all && len(f.classes) == 0 && f.by != "class" }

// moment reads a time, or how long ago it was. Nothing is the zero time.
func moment(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n >= 0 {
			return now.Add(-time.Duration(n * 24 * float64(time.Hour))), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	if t, err := time.Parse("15:04", text); err == nil {
		return time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), 0, 0, now.Location()), nil
	}
	return time.Time{}, fmt.Errorf("%q is neither how long ago (15m, 6h, 7d) nor a time (2026-11-24, 2026-11-24 14:30, 14:30)", text)
}

// openLog opens the log to read it.
func (a *app) openLog(data string) (*eventlog.Reader, error) {
	dir, err := dataDir(data)
	if err != nil {
		return nil, err
	}
	r, err := eventlog.Read(dir)
	if err != nil {
		return nil, &exitError{exitFailed, err}
	}
	return r, nil
}

func (a *app) log(ctx context.Context, f *logFlags) error {
	if f.json {
		f.format = "json"
	}
	write, err := a.eventWriter(f.format)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	filter, err := f.filter(time.Now())
	if err != nil {
		return &exitError{exitUsage, err}
	}
	r, err := a.openLog(f.data)
	if err != nil {
		return err
	}
	defer r.Close()
	if f.by != "" {
		return a.logGroups(ctx, f, r, filter)
	}
	hidden := *filter
	if f.hides() {
		filter.Classes = []eventlog.Class{eventlog.Client, eventlog.Internal}
		hidden.Classes = []eventlog.Class{eventlog.Scanner, eventlog.Health, eventlog.Probe, eventlog.HTTP}
	}
	most := f.last
	if most == 0 {
		most = f.usual(isTerminal(a.out))
	}
	err = r.Events(ctx, filter, most, write)
	if err == nil && f.hides() && f.format == "text" {
		err = a.tellHidden(ctx, r, &hidden)
	}
	if err == nil && f.follow {
		err = r.Follow(ctx, filter, write)
	}
	if err != nil && ctx.Err() == nil {
		return &exitError{exitUsage, err}
	}
	return nil
}

// tellHidden counts what a list leaves out.
func (a *app) tellHidden(ctx context.Context, r *eventlog.Reader, f *eventlog.Filter) error {
	groups, err := r.Groups(ctx, f, "class")
	if err != nil || len(groups) == 0 {
		return err
	}
	var parts []string
	for _, g := range groups {
		parts = append(parts, fmt.Sprintf("%d of %s", g.Count, classNames[g.Value]))
	}
	fmt.Fprintf(a.err, "Not shown: %s. --all shows them.\n", strings.Join(parts, ", "))
	return nil
}

var classNames = map[string]string{
	"scanner": "scanners", "health": "health checks", "probe": "opened ports", "http": "plain HTTP",
}

// eventWriter gives what prints an event.
func (a *app) eventWriter(format string) (func(*eventlog.Event) bool, error) {
	switch format {
	case "text":
		c := colorsFor(a.out)
		return func(e *eventlog.Event) bool {
			_, err := fmt.Fprintln(a.out, eventLine(e, c))
			return err == nil
		}, nil
	case "json":
		enc := json.NewEncoder(a.out)
		return func(e *eventlog.Event) bool { return enc.Encode(e) == nil }, nil
	case "system":
		return func(e *eventlog.Event) bool { return e.WriteSystem(a.out) == nil }, nil
	case "xml":
		return func(e *eventlog.Event) bool { return e.WriteXML(a.out) == nil }, nil
	}
	return nil, fmt.Errorf("--format %q: write text, json, system or xml", format)
}

// eventLine tells an event in a line.
func eventLine(e *eventlog.Event, c colors) string {
	color := map[eventlog.Level]string{eventlog.Error: c.red, eventlog.Warning: c.yellow, eventlog.Information: c.dim}[e.Level]
	line := fmt.Sprintf("%s%s%s  %5d  %s%-11s%s  %s", c.dim, e.Last.Local().Format("2006-01-02 15:04:05"), c.off, e.Number, color, e.Level, c.off, e.Message)
	if len(e.Findings) > 0 {
		line += fmt.Sprintf("  %s[%s]%s", c.dim, e.Cause, c.off)
	}
	if e.Count > 1 {
		line += fmt.Sprintf("  %s×%d since %s%s", c.yellow, e.Count, e.Time.Local().Format("15:04:05"), c.off)
	}
	if e.Class != eventlog.Client && e.Class != eventlog.Internal {
		line += fmt.Sprintf("  %s[%s]%s", c.dim, e.Class, c.off)
	}
	return line
}

// logGroups counts events.
func (a *app) logGroups(ctx context.Context, f *logFlags, r *eventlog.Reader, filter *eventlog.Filter) error {
	if f.hides() {
		filter.Classes = []eventlog.Class{eventlog.Client, eventlog.Internal}
	}
	if f.follow || f.format == "system" || f.format == "xml" {
		return &exitError{exitUsage, fmt.Errorf("--by goes with neither --follow nor --format %s", f.format)}
	}
	groups, err := r.Groups(ctx, filter, f.by)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	if f.last > 0 && len(groups) > f.last {
		groups = groups[:f.last]
	}
	if f.format == "json" {
		enc := json.NewEncoder(a.out)
		for i := range groups {
			enc.Encode(&groups[i])
		}
		return nil
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	third, top := "addresses", "mostly"
	if f.by == "client" {
		third = "names"
	}
	fmt.Fprintf(w, "times\t%s\t%s\tlast\t%s\n", f.by, third, top)
	for _, g := range groups {
		n := g.Peers
		if f.by == "client" {
			n = g.Names
		}
		fmt.Fprintf(w, "%d\t%s\t%d\t%s\t%s\n", g.Count, named(g.Value), n, g.Last.Local().Format("2006-01-02 15:04:05"), named(g.Top))
	}
	return w.Flush()
}

// named shows a value that may be empty.
func named(s string) string {
	if s == "" {
		return "(none)"
	}
	return plain(s)
}
