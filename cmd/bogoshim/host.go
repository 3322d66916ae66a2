package main

import (
	"errors"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// A peer is what stays from one connection to the next: the sessions, the
// ticket keys and the time.
type peer struct {
	tickets  *session.Keys
	sessions *session.Cache
	register *session.Register
	session  *handshake.Offered // of the last connection
	clock    int                // seconds that have passed
}

func newPeer() *peer {
	return &peer{
		tickets: new(session.Keys), sessions: session.NewCache(100),
		register: session.NewRegister(100, time.Now().Add(-time.Hour)), // nothing was seen before
	}
}

func (p *peer) now() time.Time { return time.Now().Add(time.Duration(p.clock) * time.Second) }

// A host answers the questions of one connection.
type host struct {
	peer     *peer
	config   *config
	settings *handshake.Config
	verified int // chains were

	skew int // of the last ticket's age, in seconds

	candidates map[*sign.Credential]int // that were offered to choose from: their places
}

func (h *host) answer(a *handshake.Ask) handshake.Answer {
	switch a.Question {
	case handshake.Settings:
		return h.onSettings(a)
	case handshake.Session:
		return h.onSession(a)
	case handshake.Credential:
		return h.onCredential(a)
	case handshake.Signature:
		b, err := sign.Sign(a.Scheme, a.Credential.Key, h.settings.Rand, a.Content)
		return handshake.Answer{Bytes: b, Err: err}
	case handshake.Premaster:
		b, err := sign.DecryptPremaster(a.Credential.Key, h.settings.Rand, a.Content, a.Length)
		return handshake.Answer{Bytes: b, Err: err}
	case handshake.Replay:
		why := h.peer.register.Seen(a.Content, a.Window, h.peer.now())
		return handshake.Answer{Fresh: why == 0, Why: why}
	case handshake.PSKs:
		return h.wantedPSKs(a)
	case handshake.Verdict:
		if err := h.config.ech.checkName(a); err != nil {
			return handshake.Answer{Err: err}
		}
		return handshake.Answer{Err: h.verdict(a.Peer)}
	}
	return handshake.Answer{}
}

func (h *host) onSettings(a *handshake.Ask) handshake.Answer {
	if h.config.failEarly {
		return handshake.Answer{Err: fault.RefusedByProgram}
	}
	if h.config.ech.rewind && a.Offer.ECH.Inner {
		return handshake.Answer{OuterHello: true}
	}
	settings := *h.settings
	if err := h.config.alpn.choose(&settings, a.Offer); err != nil {
		return handshake.Answer{Err: err}
	}
	return handshake.Answer{Settings: &settings}
}

func (h *host) onSession(a *handshake.Ask) handshake.Answer {
	if a.SessionID != nil {
		return handshake.Answer{Session: h.peer.sessions.Get(a.SessionID, h.peer.now())}
	}
	s, renew := a.Keys.Open(h.peer.now(), a.Ticket)
	if id, ok := a.Offer.PSK.Identity(0); ok && s != nil {
		h.skew = int(s.Skew(id.ObfuscatedAge, h.peer.now()).Round(time.Second) / time.Second)
	}
	return handshake.Answer{Session: s, Renew: renew || h.config.ticket.renews}
}

func (h *host) onCredential(a *handshake.Ask) handshake.Answer {
	if h.config.failCertCallback {
		return handshake.Answer{Err: fault.CertificateUnusable}
	}
	if err := h.config.checkPeerPrefs(a); err != nil {
		return handshake.Answer{Err: err}
	}
	if err := h.config.status.onServer(h.config.server); err != nil {
		return handshake.Answer{Err: err}
	}
	list, places, err := h.config.loadAll()
	h.candidates = places
	return handshake.Answer{Candidates: list, Err: err}
}

// verdict is what the runner wants to be said of the peer's chain. Who does not
// insist on a chain that is trusted goes on with any.
func (h *host) verdict(p *handshake.PeerCertificates) error {
	if h.config.status.useCallback && h.config.status.fail {
		return fault.StatusRefused
	}
	if h.verified++; h.verified > 1 {
		return errors.New("the chain is verified twice")
	}
	if err := h.config.types.verifyRaw(p); err != nil {
		return err
	}
	if !h.config.verifyFail || !h.config.verifyPeer && !h.config.requireClientCert && p.RawPublicKey == nil {
		return nil
	}
	alert := iana.AlertHandshakeFailure
	if h.config.customVerify {
		alert = iana.AlertCertificateUnknown
	}
	return fault.WithAlert(fault.CertificateRefused, alert, "as the runner wants")
}
