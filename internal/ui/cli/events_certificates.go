package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/eventlog"
	"github.com/handsel-tls/handsel/internal/serve/acme"
	"github.com/handsel-tls/handsel/internal/serve/admin"
	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/revocation"
)

// lookAtEnds is how often certificates are looked at that nobody asks for.
const lookAtEnds = time.Hour

// certificates has certificates look after themselves until the context ends: those
// of an authority are issued and renewed, OCSP responses are fetched, and what is
// about to expire is told. It prints what people should know, and keeps events.
func (f *eventFeed) certificates(ctx context.Context, data *assemble.Data, estate *admin.Estate, out io.Writer) {
	note := func(text string) { fmt.Fprintln(out, "note: "+plain(text)) }
	data.ACME.Start(ctx, func(news acme.News) {
		note(news.Text)
		e := internal(eventlog.Issued, "issued")
		if news.Err != nil {
			e = internal(eventlog.IssueFailed, "issue-failed")
			e.Detail = news.Err.Error()
		}
		e.ServerName = news.Name
		f.notice(e)
	})
	data.Stapler.Start(ctx, func(news revocation.News) {
		note(news.Text)
		e := internal(eventlog.StapleMissing, "staple-missing")
		switch {
		case news.Revoked:
			e = internal(eventlog.Revoked, "certificate-revoked")
		case news.Fine:
			return
		}
		e.Certificate, e.Detail = certificateName(news.Certificate), news.Text
		f.notice(e)
	})
	go func() {
		for ctx.Err() == nil {
			if log := f.log.Load(); log != nil {
				log.Tell(&ending{estate, &f.looks})
			}
			select {
			case <-ctx.Done():
			case <-time.After(lookAtEnds):
			}
		}
	}()
}

// notice hands an event over that is about the server itself.
func (f *eventFeed) notice(e *eventlog.Entry) {
	if log := f.log.Load(); log != nil {
		log.Tell(noticed{e})
	}
}

// noticed is what the log has yet to take.
type noticed struct{ entry *eventlog.Entry }

// Describe is of eventlog.Told.
func (n noticed) Describe(yield func(*eventlog.Entry)) { yield(n.entry) }

// ending are the certificates that expire soon.
type ending struct {
	estate *admin.Estate
	looks  *looks
}

// Describe is of eventlog.Told.
func (n *ending) Describe(yield func(*eventlog.Entry)) {
	now := time.Now()
	list, err := n.estate.Ending(now)
	if err != nil {
		return // who asks for the certificates is told
	}
	for _, x := range list {
		if n.looks.first(x.Binding, x.Certificate, now) {
			yield(ends(x.Binding, x.Name, x.NotAfter, now.After(x.NotAfter)))
		}
	}
}
