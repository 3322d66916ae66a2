package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/handsel-tls/handsel/tls"
)

// ticketWait is how long a server may take to give a ticket after a handshake.
const ticketWait = 2 * time.Second

// onTicket is a cache that tells when a session comes.
type onTicket struct {
	tls.ClientSessionCache
	came func()
}

func (c *onTicket) Put(key string, session *tls.ClientSessionState) {
	c.ClientSessionCache.Put(key, session)
	if session != nil && c.came != nil {
		c.came()
	}
}

// readEarly reads the file of --early-data, and makes a connection without it
// to get a session with which it can be sent.
func (f *connectFlags) readEarly(ctx context.Context, addr string, config *tls.Config) ([]byte, error) {
	if f.early == "" {
		return nil, nil
	}
	data, err := os.ReadFile(f.early)
	if err != nil {
		return nil, err
	}
	cache := &onTicket{ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	config.ClientSessionCache = cache
	raw, err := dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	first := config.Clone()
	first.OnHandshake = nil
	conn := tls.Client(raw, first)
	if conn.HandshakeContext(ctx) != nil {
		return data, nil // the one that is shown will fail as well, and say why
	}
	conn.SetReadDeadline(time.Now().Add(ticketWait))
	cache.came = func() { conn.SetReadDeadline(time.Unix(1, 0)) }
	io.Copy(io.Discard, conn)
	cache.came = nil
	conn.Close()
	return data, nil
}

// sendRest writes what the server did not take as early data, and says how much
// it took.
func (a *app) sendRest(f connectFlags, conn *tls.Conn, early []byte) error {
	if f.early == "" {
		return nil
	}
	n := conn.EarlyDataAccepted()
	if !f.quiet && !f.json {
		why := ""
		if r := conn.Record(); n == 0 && r != nil {
			why = notEarly(r)
		}
		fmt.Fprintf(a.err, "Early data: %d of %d bytes were accepted%s.\n", n, len(early), why)
	}
	_, err := conn.Write(early[n:])
	return err
}

// notEarly gives the reason why nothing was accepted, or offered.
func notEarly(r *tls.Record) string {
	for _, c := range r.Choices() {
		if c.Topic == "early data" && len(c.Refused) > 0 {
			return ": " + c.Refused[0].Why
		}
	}
	return ""
}
