package engine_test

import (
	"errors"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// TestFailedRenegotiationProvesNothing has a client show the certificate of
// somebody else in a renegotiation, without the key to it: the connection ends,
// and whoever asks is not told that the certificate was the client's.
func TestFailedRenegotiationProvesNothing(t *testing.T) {
	client, server := hosts12("P-256")(t)
	client.Credential, client.Config.Renegotiation = tlstest.Credentials()["P-256"], handshake.RenegotiateFreely
	p := run(t, client, server, 0)
	before := *p.Server.Established()
	settings := *server.Config
	settings.ClientAuth = handshake.RequireClientAuth
	server.Fail = map[handshake.Question]error{handshake.Verdict: fault.UnknownCA}
	if err := p.Server.Renegotiate(&settings); err != nil {
		t.Fatal(err)
	}
	p.Run()
	e := p.Server.Established()
	if !isFault(p.Server.Err(), fault.UnknownCA) || e.Peer != nil || e.Master != before.Master {
		t.Errorf("%v; the peer is %v", p.Server.Err(), e.Peer)
	}
}

// TestRawKeyOfAnotherConfig offers a session in which the client has shown a raw
// public key to settings that want certificates, and the other way round. RFC
// 7250, section 4.
func TestRawKeyOfAnotherConfig(t *testing.T) {
	for _, v := range []iana.Version{iana.TLS12, iana.TLS13} {
		client, server := changed(v, "P-256", []func(c, s *tlstest.Host){rawKeys})(t)
		client.Config.Session = sessionOf(t, run(t, client, server, 0))
		if !run(t, client, server, 0).Server.Established().Resumed {
			t.Fatalf("%v: not resumed", v)
		}
		server.Config.PeerTypes = nil
		client.Config.OwnTypes = nil
		client.Credential = tlstest.Credentials()["P-256"]
		p := run(t, client, server, 0)
		if e := p.Server.Established(); e.Resumed || e.Peer == nil || e.Peer.RawPublicKey != nil {
			t.Errorf("%v: resumed %v, %+v", v, e.Resumed, e.Peer)
		}
	}
}

// TestRenegotiationFlood has a client begin one handshake after another
// (CVE-2011-1473). A server that allows renegotiation does not make more than a
// few of them, and goes on without.
func TestRenegotiationFlood(t *testing.T) {
	p := renegotiating(t, iana.TLS12, 0)
	for range 40 {
		if p.Client.Renegotiate(nil) != nil || p.Run() != nil {
			break
		}
	}
	if n := p.Server.Renegotiations(); n != 16 || p.Server.Complete() != true {
		t.Errorf("%d handshakes: %v", n, p.Server.Err())
	}
}

// TestIgnoredWishFlood: wishes that are ignored are counted all the same.
func TestIgnoredWishFlood(t *testing.T) {
	p := renegotiating(t, iana.TLS12, 0)
	p.ClientHost.Config.Renegotiation = handshake.RenegotiateIgnored
	n := 0
	for ; n < 100 && p.Client.Err() == nil; n++ {
		if err := p.Server.Renegotiate(nil); err != nil {
			t.Fatal(err)
		}
		p.Run()
	}
	if !errors.Is(p.Client.Err(), fault.NoRenegotiation) || n != 33 {
		t.Errorf("after %d wishes: %v", n, p.Client.Err())
	}
}
