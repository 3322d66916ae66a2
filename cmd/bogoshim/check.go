package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// check compares what the handshake agreed on with what the flags expect.
func (x *conn) check(resuming bool) error {
	c, e := x.config, x.established()
	if err := x.checkEarly(resuming); err != nil {
		return err
	}
	if want := resuming && (!c.expectMiss || x.sendsEarly()); e.Resumed != want {
		return fmt.Errorf("resumed is %v", e.Resumed)
	}
	switch {
	case c.expectVersion.set && e.Version != c.expectVersion.number:
		return fmt.Errorf("the version is %v, not %v", e.Version, c.expectVersion.number)
	case c.expectServerName.set && e.ServerName != c.expectServerName.text:
		return fmt.Errorf("the server name is %q, not %q", e.ServerName, c.expectServerName.text)
	case c.expectCurve != 0 && e.Group != c.expectCurve:
		return fmt.Errorf("the group is %v, not %v", e.Group, c.expectCurve)
	case c.expectScheme != 0 && e.PeerScheme != c.expectScheme:
		return fmt.Errorf("the peer's signature scheme is %v, not %v", e.PeerScheme, c.expectScheme)
	case c.expectSuite != 0 && e.Suite != c.expectSuite:
		return fmt.Errorf("the cipher suite is %v, not %v", e.Suite, c.expectSuite)
	case c.expectAES != 0 && e.Suite != c.expectAES:
		return fmt.Errorf("the cipher suite is %v, not %v", e.Suite, c.expectAES)
	case c.expectRetry && !e.Retried, c.expectNoRetry && e.Retried:
		return fmt.Errorf("retried is %v", e.Retried)
	case c.expectEMS && !e.EMS:
		return errors.New("without extended_master_secret")
	}
	if err := c.ech.check(e.ECH); err != nil {
		return err
	}
	if err := x.checkSessions(resuming); err != nil {
		return err
	}
	if err := c.renegotiation.check(e); err != nil {
		return err
	}
	if err := c.types.check(e); err != nil {
		return err
	}
	if err := x.checkCredential(e); err != nil {
		return err
	}
	if err := x.checkPeer(e); err != nil {
		return err
	}
	if err := c.status.check(e.Peer); err != nil {
		return err
	}
	return c.alpn.check(c.server, e.ALPN)
}

// checkSessions compares the sessions that came by the end of the handshake.
func (x *conn) checkSessions(resuming bool) error {
	c, e, got := x.config, x.established(), len(x.sessions) > 0
	if !c.server && e.Version < iana.TLS13 && x.engine.Complete() {
		if want := !c.expectNoSession && (!e.Resumed || c.expectRenewal); got != want {
			return fmt.Errorf("a new session: %v", got)
		}
	}
	if !resuming && (c.expectSessionID && !got || c.expectNoSessionID && got) {
		return fmt.Errorf("a session with an ID: %v", got)
	}
	return nil
}

// checkPeer compares the peer's certificates.
func (x *conn) checkPeer(e *handshake.Established) error {
	c := x.config
	switch {
	case c.expectNoPeerCert && e.Peer != nil:
		return errors.New("the peer showed a certificate")
	case !c.expectNoPeerCert && e.Peer == nil && e.PSK == nil && (!c.server || c.requireClientCert):
		return errors.New("the peer showed no certificate")
	case c.expectPeerCert == "":
		return nil
	}
	want, err := readChain(c.expectPeerCert)
	if err != nil {
		return err
	}
	if len(want) != len(e.Peer.Chain) {
		return fmt.Errorf("the peer's chain has %d certificates, not %d", len(e.Peer.Chain), len(want))
	}
	for i := range want {
		if !bytes.Equal(want[i], e.Peer.Chain[i]) {
			return fmt.Errorf("certificate %d of the peer's chain is another", i+1)
		}
	}
	return nil
}

// checkAtEnd compares what came after the handshake.
func (x *conn) checkAtEnd(resuming bool) error {
	c, e := x.config, x.engine.Established()
	if err := x.checkEarly(resuming); err != nil {
		return err
	}
	if !c.server && e.Version == iana.TLS13 && x.engine.Complete() {
		if got := len(x.sessions) > 0; got == c.expectNoSession && !c.shimShutsDown {
			return fmt.Errorf("a new session: %v", got)
		}
		if n := len(x.sessions); n > 0 && x.sessions[n-1].State.MaxEarly > 0 != c.early.ticketAllows {
			return fmt.Errorf("the ticket allows %d bytes of early data", x.sessions[n-1].State.MaxEarly)
		}
	}
	return nil
}
