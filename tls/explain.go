package tls

import (
	"errors"
	"io"
	"syscall"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A Finding is a cause of a failed handshake: a stable ID, how sure it is
// ("known", "likely", "possible"), a sentence, the evidence, the smallest changes
// that would have made the handshake succeed, and what the operators of either side
// can do.
type Finding = explain.Finding

// Explain says why the handshake failed, the most likely cause first. What this
// side found by itself is known. What the peer says is weighed: by the alert, the
// moment at which it came, the ClientHello and the certificates. It gives nothing
// for a handshake that was complete.
func (r *Record) Explain() []Finding {
	if r.Failure == nil || r.details.trace == nil {
		return nil
	}
	return explain.Explain(r.seen())
}

// ExplainError says why a connection ended whose handshake was complete, and on
// which nothing was read before err came. A server of TLS 1.3 refuses a client's
// certificate only then: the client had finished, and hears of it when it reads. It
// gives nothing for an error that does not tell of the handshake.
func (r *Record) ExplainError(err error) []Finding {
	if err == nil || r.Failure != nil || r.details.trace == nil {
		return nil
	}
	c := r.seen()
	peer := r.details.trace.Side.Other()
	var alert engine.PeerAlert
	switch {
	case errors.As(err, &alert):
		c.Ended = explain.Ended{How: explain.ByAlert, By: peer, Alert: iana.Alert(alert), Known: true}
	case errors.Is(err, syscall.ECONNRESET):
		c.Ended = explain.Ended{How: explain.ByRST, By: peer}
	case errors.Is(err, io.ErrUnexpectedEOF):
		c.Ended = explain.Ended{How: explain.ByFIN, By: peer}
	default:
		return nil
	}
	return explain.Explain(c)
}

// seen is the case of the record.
func (r *Record) seen() *explain.Case {
	r.expand()
	c := explain.FromRecord(r.details.trace)
	local, remote := "", ""
	if r.Local != nil {
		local = r.Local.String()
	}
	if r.Remote != nil {
		remote = r.Remote.String()
	}
	c.Client, c.Server = local, remote
	if r.Server {
		c.Client, c.Server = remote, local
	}
	return c
}

// keys gives the keys of the certificates that there are without a callback, for the
// question what would have worked.
func (c *Config) keys() []trace.Key {
	var all []*sign.Credential
	for i := range c.Certificates {
		if cred, err := credentialOf(&c.Certificates[i]); err == nil {
			all = append(all, cred)
		}
	}
	return negotiate.Keys(all)
}
