package bench

import (
	"fmt"

	proto "github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/tls"
)

// A scenario is a kind of handshake.
type scenario struct {
	name    string
	version uint16
	group   tls.CurveID
	server  bool // the side under test is the server
	resumed bool
}

// groups are those to offer. In TLS 1.2 the certificate's curve is among them
// (RFC 8422, section 5.3).
func (s scenario) groups() []tls.CurveID {
	if s.version == tls.VersionTLS12 {
		return []tls.CurveID{s.group, tls.CurveP256}
	}
	return []tls.CurveID{s.group}
}

// A kind is what a handshake turned out to be, in the words of one side.
type kind struct {
	version, suite uint16
	group          tls.CurveID
	resumed        bool
}

// kind is what the handshake has to be. The suite is AES-128-GCM, which every
// stack here takes on a processor that has instructions for it.
func (s scenario) kind() kind {
	suite := tls.TLS_AES_128_GCM_SHA256
	if s.version == tls.VersionTLS12 {
		suite = tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
	}
	return kind{s.version, suite, s.group, s.resumed}
}

// check refuses a handshake that was not of the scenario: a figure for
// something else would be worse than none.
func (s scenario) check(got kind) error {
	want := s.kind()
	if s.resumed && s.version == tls.VersionTLS12 {
		got.group = want.group // no keys are exchanged
	}
	if got != want {
		return fmt.Errorf("%s: the handshake was of another kind: %+v in place of %+v", s.name, got, want)
	}
	return nil
}

// checkPeer refuses it in the words of the other side, which is another stack,
// and gives the session that a client was given. A server has to give exactly
// one ticket in TLS 1.3, because each takes time.
func (s scenario) checkPeer(p *peer) (*proto.Offered, error) {
	e := p.conn.Established()
	if err := s.check(kind{uint16(e.Version), uint16(e.Suite), tls.CurveID(e.Group), e.Resumed}); err != nil {
		return nil, fmt.Errorf("the peer: %w", err)
	}
	if !s.server {
		return nil, nil
	}
	sessions := p.conn.TakeSessions()
	if s.version == tls.VersionTLS13 && len(sessions) != 1 {
		return nil, fmt.Errorf("%s: %d tickets in place of one", s.name, len(sessions))
	}
	if len(sessions) == 0 {
		return nil, nil // TLS 1.2 goes on with the ticket it has
	}
	return sessions[0], nil
}

// runner gives what runs the scenario, once a session is there if it is to be
// resumed. once runs one handshake and gives its kind.
func (s scenario) runner(config *proto.Config, once func(*meter, *peer) (kind, error)) (func(*meter) error, error) {
	run := func(m *meter, want scenario) error {
		p, err := newPeer(s, config)
		if err != nil {
			return err
		}
		got, err := once(m, p)
		if err != nil {
			return err
		}
		session, err := want.checkPeer(p)
		if err != nil {
			return err
		}
		if s.resumed && session != nil {
			config.Session = session
		}
		return want.check(got)
	}
	if s.resumed {
		first := s
		first.resumed = false
		if err := run(&meter{}, first); err != nil {
			return nil, err
		}
	}
	return func(m *meter) error { return run(m, s) }, nil
}
