package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

var bothVersions = []iana.Version{iana.TLS12, iana.TLS13}

// hostsOf gives hosts of one version.
func hostsOf(v iana.Version, kind string) (client, server *tlstest.Host) {
	client, server = clientHost(), serverHost(kind)
	client.Config.Policy = with(policy.Compatible(), func(p *policy.Policy) { p.Versions = []iana.Version{v} })
	server.Config.Policy = with(policy.Compatible(), func(p *policy.Policy) {
		if v < iana.TLS12 {
			p.Versions = append(slices.Clone(p.Versions), iana.TLS11, iana.TLS10)
		}
	})
	return client, server
}

func TestClientCertificate(t *testing.T) {
	for _, v := range bothVersions {
		for _, auth := range []handshake.ClientAuth{handshake.RequestClientAuth, handshake.RequireClientAuth} {
			for _, kind := range tlstest.KeyTypes {
				for _, cut := range []int{0, 7} {
					t.Run(fmt.Sprint(v, auth, kind, cut), func(t *testing.T) {
						client, server := hostsOf(v, "P-256")
						client.Credential = tlstest.Credentials()[kind]
						server.Config.ClientAuth = auth
						server.Config.Authorities = [][]byte{tlstest.Root().Cert.RawSubject}
						p := run(t, client, server, cut)
						showed(t, p, client)
					})
				}
			}
		}
	}
}

// showed checks that the client showed its certificate after it was asked for
// one.
func showed(t *testing.T, p *tlstest.Pair, client *tlstest.Host) {
	t.Helper()
	peer := p.Server.Established().Peer
	if peer == nil || string(peer.Chain[0]) != string(client.Credential.Chain[0]) {
		t.Errorf("the server saw %v", peer)
	}
	if p.Client.Established().Local != client.Credential {
		t.Error("the client does not know what it showed")
	}
	if len(client.Requests) != 1 {
		t.Fatalf("the client was asked %d times", len(client.Requests))
	}
	r := client.Requests[0]
	if len(r.Authorities) != 1 || string(r.Authorities[0]) != string(tlstest.Root().Cert.RawSubject) || len(r.Schemes) == 0 {
		t.Errorf("it was asked for %+v", r)
	}
}

func TestClientCertificateWithRSAKeyExchange(t *testing.T) {
	client, server := hostsOf(iana.TLS12, "RSA-2048")
	client.Config.Policy = only(iana.TLS12, iana.TLS_RSA_WITH_AES_128_CBC_SHA256, iana.X25519)
	client.Credential = tlstest.Credentials()["P-384"]
	server.Config.ClientAuth = handshake.RequireClientAuth
	server.Config.Authorities = [][]byte{tlstest.Root().Cert.RawSubject}
	showed(t, run(t, client, server, 1), client)
}

func TestNoClientCertificate(t *testing.T) {
	for _, v := range bothVersions {
		client, server := hostsOf(v, "P-256")
		server.Config.ClientAuth = handshake.RequestClientAuth
		if p := run(t, client, server, 0); p.Server.Established().Peer != nil || len(client.Requests) != 1 {
			t.Errorf("%v: the server saw %+v", v, p.Server.Established().Peer)
		}
		server.Config.ClientAuth = handshake.RequireClientAuth
		want := map[iana.Version]fault.Code{iana.TLS12: fault.CertificateMissing12, iana.TLS13: fault.CertificateMissing}[v]
		refused(t, client, server, want)
	}
}

func TestRefusedClientCertificate(t *testing.T) {
	for _, v := range bothVersions {
		client, server := hostsOf(v, "P-256")
		client.Credential = tlstest.Credentials()["P-256"]
		server.Config.ClientAuth = handshake.RequestClientAuth
		server.Verify = func(*handshake.PeerCertificates) error { return fault.CertificateRevoked }
		refused(t, client, server, fault.CertificateRevoked)
		server.Verify = func(*handshake.PeerCertificates) error { return errors.New("we do not like it") }
		refused(t, client, server, fault.CertificateRefused)
	}
}

// refused makes a handshake that the server ends, and checks that the client
// hears of it. Its handshake may have been complete by then.
func refused(t *testing.T, client, server *tlstest.Host, want fault.Code) {
	t.Helper()
	p, err := tlstest.NewPair(client, server)
	if err != nil {
		t.Fatal(err)
	}
	p.Run()
	if code, _ := fault.Of(p.Server.Err()); code != want {
		t.Errorf("the server ended with %v, want %v", p.Server.Err(), want)
	}
	if code, _ := fault.Of(p.Client.Err()); code != fault.PeerAlert {
		t.Errorf("the client ended with %v", p.Client.Err())
	}
	if f := p.Server.Record().Failure; f == nil || f.Code != want || f.Alert != want.Alert() {
		t.Errorf("the record says %+v", f)
	}
}
