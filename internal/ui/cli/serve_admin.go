package cli

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/handsel-tls/handsel/internal/observe/eventlog"
	"github.com/handsel-tls/handsel/internal/serve/admin"
	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/tls"
)

// serveAdmin serves the admin API on an address, if the configuration or the flags
// name one. It gives nil if they do not.
func (a *app) serveAdmin(f serveFlags, plan *assemble.Plan, estate *admin.Estate, events *eventFeed) (*admin.Listener, error) {
	set := plan.File().Admin
	if f.admin.Listen != "" || len(f.admin.ClientCAs) > 0 {
		set = &f.admin
	}
	if set == nil {
		return nil, nil
	}
	l, err := estate.ListenTLS(set, events.adminSeen)
	switch {
	case err == nil:
		fmt.Fprintf(a.err, "The admin API is at https://%s too, for those who show a certificate.\n", set.Listen)
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EACCES):
		return nil, &exitError{exitNetwork, err}
	}
	return nil, &exitError{exitUsage, err}
}

// adminSeen keeps an event of a handshake with the admin API that failed.
func (f *eventFeed) adminSeen(r *tls.Record) {
	failure := r.Failure
	if failure == nil {
		return
	}
	e := internal(eventOf(failure.Fault, failure.By, failure.Alert), kebab(failure.Fault))
	e.Class, e.Binding, e.ServerName = eventlog.Client, "admin", r.ServerName
	e.Fault, e.Sentence, e.Detail, e.EndedBy, e.State, e.Alert, e.AlertCode = failure.Fault, failure.Sentence, failure.Detail, failure.By, failure.State, failure.Alert, failure.Number
	if addr, ok := r.Remote.(*net.TCPAddr); ok {
		e.Peer, e.Port = addr.AddrPort().Addr().Unmap().String(), uint16(addr.Port)
	}
	if r.Local != nil {
		e.Local = r.Local.String()
	}
	f.notice(e)
}
