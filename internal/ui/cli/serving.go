package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/handsel-tls/handsel/internal/observe/eventlog"
	"github.com/handsel-tls/handsel/internal/serve/admin"
	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/internal/ui/web"
)

// serving is handsel serve while it runs: the server, and all that hears of its
// handshakes or changes what it serves.
type serving struct {
	*app
	flags  serveFlags
	data   *assemble.Data
	out    *printer
	events *eventFeed
	feed   *web.Feed
	server *endpoint.Server
	estate *admin.Estate
	doors  []io.Closer     // the socket of administrators, and the page
	remote *admin.Listener // of administrators elsewhere; nil: nobody is let in
}

func (a *app) newServing(f serveFlags, data *assemble.Data) *serving {
	s := &serving{app: a, flags: f, data: data, out: newPrinter(a.out, f.json),
		events: &eventFeed{dir: data.Dir, err: a.err}, feed: web.NewFeed(handshakeForms)}
	s.server = endpoint.New(endpoint.Options{
		KeepMessages: f.webListen != noPage,
		OnHandshake:  s.tell,
		Stdout:       s.out, Stderr: a.err, Note: func(text string) { fmt.Fprintln(a.err, "note: "+plain(text)) },
	})
	return s
}

// tell tells everybody of a handshake.
func (s *serving) tell(h *endpoint.Handshake) {
	s.out.print(h)
	s.events.tell(h)
	if s.flags.webListen != noPage {
		s.feed.Tell(h)
	}
}

// start has the server serve what load gives, and the store.
func (s *serving) start(load func() (*config.File, error)) (*assemble.Plan, error) {
	var refused error // an address that cannot be had
	s.estate = admin.New(s.data, s.events.first(load), func(setup *endpoint.Setup) error {
		refused = s.server.Apply(setup)
		return refused
	})
	plan, err := s.estate.Load()
	switch {
	case err == nil:
		s.notes(s.flags, plan)
		return plan, nil
	case refused == nil:
		return nil, &exitError{exitUsage, err}
	}
	hint := "another program may have the port: choose another one in the configuration"
	if s.flags.config == "" {
		hint = "another program may have the port: choose others with --port and --http-port"
	}
	return nil, &exitError{exitNetwork, fmt.Errorf("%w\n%s", err, hint)}
}

// open lets administrators in, on a socket and where they are to be let in
// besides, and opens the page.
func (s *serving) open(plan *assemble.Plan) error {
	socket, err := s.estate.Listen(filepath.Join(s.data.Dir, admin.SocketFile))
	if err != nil {
		fmt.Fprintf(s.err, "note: handsel bind, cert and site do not reach this server: %v\n", err)
	} else {
		s.doors = append(s.doors, socket)
	}
	if s.remote, err = s.serveAdmin(s.flags, plan, s.estate, s.events); err != nil {
		return err
	}
	page, err := s.servePage(s.flags, web.Options{
		Source: s.feed, Estate: s.estate, Events: func() (*eventlog.Reader, error) { return eventlog.Read(s.data.Dir) },
	})
	if err != nil {
		return err
	}
	s.welcome(s.flags, s.data, plan)
	if page != nil {
		s.doors = append(s.doors, page)
		s.announce(page)
	}
	return nil
}

// close ends what open has opened, the latest first, and then what hears of
// handshakes.
func (s *serving) close() {
	if s.remote != nil {
		s.remote.Close()
	}
	for i := len(s.doors) - 1; i >= 0; i-- {
		s.doors[i].Close()
	}
	s.events.close()
	s.out.close()
}

// run waits for signals: SIGHUP reads the configuration again, SIGTERM and
// SIGINT (by the context) end.
func (s *serving) run(ctx context.Context, hangup <-chan os.Signal) error {
	for {
		select {
		case <-hangup:
			s.reload()
		case err := <-s.server.Failed():
			return &exitError{exitNetwork, err}
		case <-ctx.Done():
			fmt.Fprintln(s.err, "Shutting down: requests may finish.")
			limited, cancel := context.WithTimeout(context.Background(), s.flags.drain)
			defer cancel()
			if err := s.server.Shutdown(limited); err != nil {
				fmt.Fprintln(s.err, "Some connections were still busy and were closed.")
			}
			return nil
		}
	}
}

func (s *serving) reload() {
	plan, err := s.estate.Load()
	if err != nil {
		fmt.Fprintf(s.err, "The configuration was not taken over, the old one goes on:\n%v\n", err)
		return
	}
	s.events.configure(plan.File().Events)
	s.reopenAdmin(plan)
	s.notes(s.flags, plan)
	fmt.Fprintf(s.err, "The configuration was taken over: %s.\n", listeningOn(plan))
}

// reopenAdmin lets administrators in from elsewhere as a plan says: their files may be
// others under the same names, and whoever is no longer in them must not stay.
func (s *serving) reopenAdmin(plan *assemble.Plan) {
	if s.remote != nil {
		s.remote.Close()
	}
	var err error
	if s.remote, err = s.serveAdmin(s.flags, plan, s.estate, s.events); err != nil {
		fmt.Fprintf(s.err, "note: the admin API is on the socket in the data folder alone until the configuration is read again: %v\n", err)
	}
}
