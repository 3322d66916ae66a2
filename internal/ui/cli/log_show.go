package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/handsel-tls/handsel/internal/observe/eventlog"
)

func (a *app) logShowCommand(f *logFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "show number...",
		Short:   "Show everything that is known of an event",
		Example: "  handsel log show 17",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.logShow(cmd.Context(), f, args) },
	}
}

func (a *app) logShow(ctx context.Context, f *logFlags, args []string) error {
	r, err := a.openLog(f.data)
	if err != nil {
		return err
	}
	defer r.Close()
	for _, arg := range args {
		n, err := strconv.ParseInt(arg, 10, 64)
		if err != nil {
			return &exitError{exitUsage, fmt.Errorf("%q is no number of an event: handsel log shows them in its second column", arg)}
		}
		found := false
		err = r.Events(ctx, &eventlog.Filter{Numbers: []int64{n}}, 1, func(e *eventlog.Event) bool {
			found = true
			if f.json {
				json.NewEncoder(a.out).Encode(e)
			} else {
				a.tellEvent(e)
			}
			return true
		})
		if err != nil {
			return &exitError{exitFailed, err}
		}
		if !found {
			return &exitError{exitFailed, fmt.Errorf("there is no event %d: it may have been too old to keep", n)}
		}
	}
	return nil
}

// tellEvent prints a whole event.
func (a *app) tellEvent(e *eventlog.Event) {
	fmt.Fprintf(a.out, "Event %d: %s\n\n", e.Number, e.Message)
	peer := e.Peer
	if e.Port != 0 {
		peer += ", port " + strconv.Itoa(int(e.Port))
	}
	if e.Addresses > 1 {
		peer = fmt.Sprintf("%d addresses", e.Addresses)
	}
	often := ""
	if e.Count > 1 {
		often = fmt.Sprintf("%d times until %s", e.Count, e.Last.Local().Format(time.DateTime))
	}
	alert := e.Alert
	if alert != "" {
		alert += " (" + strconv.Itoa(int(e.AlertCode)) + ")"
	}
	took := ""
	if e.Milliseconds > 0 {
		took = fmt.Sprintf("%.1f ms", e.Milliseconds)
	}
	for _, row := range [][2]string{
		{"id", fmt.Sprintf("%d, %s", e.ID, e.ID)}, {"level", e.Level.String()}, {"time", e.Time.Local().Format("2006-01-02 15:04:05.000")}, {"again", often},
		{"computer", e.Computer}, {"class", join(e.Class.String(), e.ClassWhy)}, {"cause", e.Cause},
		{"peer", peer}, {"program", e.Client}, {"address", e.Local}, {"connection", strings.Join(e.Connections, " ")}, {"server name", plain(e.ServerName)}, {"outer name", plain(e.OuterName)},
		{"binding", join(e.Binding, e.Rule)}, {"site", e.Site},
		{"version", e.Version}, {"suite", e.Suite}, {"group", e.Group}, {"alpn", plain(e.Protocol)}, {"weak", strings.Join(e.Weak, "; ")},
		{"what", e.Sentence}, {"detail", plain(e.Detail)}, {"ended by", e.EndedBy}, {"in state", e.State}, {"alert", alert}, {"see", e.Clause},
		{"session", e.Session}, {"certificate", plain(e.Certificate)}, {"took", took},
	} {
		if row[1] != "" {
			fmt.Fprintf(a.out, "  %-12s %s\n", row[0], row[1])
		}
	}
	newOffer(e.Hello).tell(a.out)
	if len(e.Findings) > 0 {
		fmt.Fprint(a.out, "\nWhy:\n")
		tellFindings(a.out, "  ", e.Findings, colorsFor(a.out))
	}
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a
	}
	return a + ": " + b
}
