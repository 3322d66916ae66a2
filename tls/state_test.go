package tls

import (
	"bytes"
	stdtls "crypto/tls"
	"crypto/x509"
	"reflect"
	"testing"
)

// TestConnectionState compares the state of each end with that which crypto/tls
// has in the same place, and TLSUnique with the other end's.
func TestConnectionState(t *testing.T) {
	cert := certOf("P-256")
	cert.OCSPStaple, cert.SignedCertificateTimestamps = []byte("response"), [][]byte{{1, 2}, {3}}
	for _, v := range versions {
		sides := func() (client, server *side) {
			client = clientSide(func(c *stdtls.Config) {
				c.NextProtos, c.Certificates = []string{"b"}, []Certificate{certOf("RSA-2048")}
			}).cached()
			server = serverSide(v, func(c *stdtls.Config) {
				c.Certificates, c.NextProtos = []Certificate{cert}, []string{"b"}
				c.ClientAuth, c.ClientCAs = VerifyClientCertIfGiven, roots()
			})
			return client, server
		}
		client, server := sides()
		wanted := map[string]meeting{ // crypto/tls with itself
			"full": meet(t, pairing{}, client, server).good(t), "resumed": meet(t, pairing{}, client, server).good(t),
		}
		for _, p := range pairings {
			client, server := sides()
			for _, kind := range []string{"full", "resumed"} {
				t.Run(VersionName(v)+", "+p.String()+", "+kind, func(t *testing.T) {
					want := wanted[kind]
					got := meet(t, p, client, server).good(t)
					cs, ss := got.client.ConnectionState(), got.server.ConnectionState()
					sameState(t, "client", cs, want.client.ConnectionState())
					sameState(t, "server", ss, want.server.ConnectionState())
					if !bytes.Equal(cs.TLSUnique, ss.TLSUnique) {
						t.Errorf("TLSUnique: %x, %x", cs.TLSUnique, ss.TLSUnique)
					}
					sameKeyingMaterial(t, cs, ss)
					sameKeyingMaterial(t, ss, cs)
				})
			}
		}
	}
}

func sameState(t *testing.T, who string, got, want ConnectionState) {
	t.Helper()
	a, b := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range a.NumField() {
		f := a.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		x, y := a.Field(i).Interface(), b.Field(i).Interface()
		same := reflect.DeepEqual(x, y) || a.Field(i).Kind() == reflect.Slice && a.Field(i).Len() == 0 && b.Field(i).Len() == 0
		switch f.Name {
		case "TLSUnique":
			same = len(got.TLSUnique) == len(want.TLSUnique)
		case "PeerCertificates":
			same = sameChain(got.PeerCertificates, want.PeerCertificates) == nil
		case "VerifiedChains":
			same = len(got.VerifiedChains) == len(want.VerifiedChains)
			for j := range got.VerifiedChains {
				same = same && sameChain(got.VerifiedChains[j], want.VerifiedChains[j]) == nil
			}
		}
		if !same {
			t.Errorf("%s: %s is %v, crypto/tls has %v", who, f.Name, x, y)
		}
	}
}

// TestExporterNeverPanics asks for keying material at every time.
func TestExporterNeverPanics(t *testing.T) {
	fails := func(when string, s ConnectionState) {
		t.Helper()
		if b, err := s.ExportKeyingMaterial("EXPERIMENTAL", nil, 20); err == nil {
			t.Errorf("%s: %x", when, b)
		}
	}
	before := Client(nil, &Config{ServerName: "a.example"})
	fails("before the handshake", before.ConnectionState())
	if _, err := before.ExportKeyingMaterial("EXPERIMENTAL", nil, 20); err == nil {
		t.Error("Conn.ExportKeyingMaterial before the handshake")
	}
	for _, v := range versions {
		var kept ConnectionState
		verify := func(s ConnectionState) error {
			fails("within VerifyConnection", s)
			kept = s
			return nil
		}
		client := clientSide(func(c *stdtls.Config) { c.VerifyConnection = verify })
		m := meet(t, pairing{true, true}, client, serverSide(v, nil)).good(t)
		sameKeyingMaterial(t, kept, m.server.ConnectionState()) // the handshake is complete now
		for _, length := range []int{-1, 1 << 30} {
			if _, err := kept.ExportKeyingMaterial("EXPERIMENTAL", nil, length); err == nil {
				t.Errorf("%d bytes were exported", length)
			}
		}
		if v == VersionTLS12 {
			m.server.(*Conn).engine.Established().EMS = false // as with a peer that does not know it
			fails("without extended_master_secret", m.server.ConnectionState())
		}
	}
	failed := meet(t, pairing{true, true}, clientSide(func(c *stdtls.Config) { c.RootCAs = x509.NewCertPool() }), serverSide(0, nil)).bad(t)
	fails("after a failure", failed.client.ConnectionState())
	fails("after a failure", failed.server.ConnectionState())
}

// TestExporterIsKnown notices that the standard library has changed what is
// relied on, and tries what is done then.
func TestExporterIsKnown(t *testing.T) {
	if !hasExporter || !hasHelloCtx || !hasReqCtx {
		t.Errorf("fields of crypto/tls are no longer found: %v, %v, %v", hasExporter, hasHelloCtx, hasReqCtx)
	}
	defer func(had bool) { hasExporter = had }(hasExporter)
	hasExporter = false
	s := ConnectionState{Version: VersionTLS13, ServerName: "a.example"}
	setExporter(&s, nil)
	if _, err := s.ExportKeyingMaterial("EXPERIMENTAL", nil, 20); err == nil || s.ServerName != "a.example" || s.Version != VersionTLS13 {
		t.Errorf("%v, %+v", err, s)
	}
}

func TestVerifyHostname(t *testing.T) {
	m := meet(t, pairing{true, true}, clientSide(nil), serverSide(0, nil)).good(t)
	client, server := m.client.(*Conn), m.server.(*Conn)
	if err := client.VerifyHostname("localhost"); err != nil {
		t.Error(err)
	}
	if client.VerifyHostname("b.example") == nil || server.VerifyHostname("a.example") == nil || Client(nil, nil).VerifyHostname("a.example") == nil {
		t.Error("a name was verified that should not have been")
	}
}
