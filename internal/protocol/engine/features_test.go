package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

func TestALPN(t *testing.T) {
	for _, c := range []struct {
		client, server []string
		want           string
	}{
		{[]string{"h2", "http/1.1"}, []string{"http/1.1", "h2"}, "http/1.1"}, // the server's order
		{[]string{"a", "h2"}, []string{"h2"}, "h2"},
		{nil, []string{"h2"}, ""},
		{[]string{"h2"}, nil, ""},
	} {
		for _, v := range bothVersions {
			t.Run(fmt.Sprint(v, c.client, c.server), func(t *testing.T) {
				client, server := hostsOf(v, "P-256")
				client.Config.Protocols, server.Config.Protocols = c.client, c.server
				p := run(t, client, server, 0)
				if a, b := p.Client.Established().ALPN, p.Server.Established().ALPN; a != c.want || b != c.want {
					t.Errorf("the client has %q, the server %q, want %q", a, b, c.want)
				}
			})
		}
	}
}

func TestALPNMismatch(t *testing.T) {
	for _, v := range bothVersions {
		client, server := hostsOf(v, "P-256")
		client.Config.Protocols, server.Config.Protocols = []string{"a"}, []string{"b", "c"}
		refused(t, client, server, fault.NoSharedProtocol)
	}
}

// TestStaple sends an OCSP response and SCTs with the certificate.
func TestStaple(t *testing.T) {
	plain := tlstest.Credentials()["P-256"]
	staple, scts := []byte("response"), [][]byte{[]byte("sct 1"), []byte("sct 2")}
	for _, extra := range []sign.Extra{
		{OCSPStaple: staple}, {SCTs: scts}, {OCSPStaple: staple, SCTs: scts},
	} {
		for _, v := range bothVersions {
			t.Run(fmt.Sprint(v, len(extra.OCSPStaple), len(extra.SCTs)), func(t *testing.T) {
				client, server := hostsOf(v, "P-256")
				var err error
				if server.Credential, err = sign.NewCredential(plain.Chain, nil, plain.Key, extra); err != nil {
					t.Fatal(err)
				}
				p := run(t, client, server, 0)
				peer := p.Client.Established().Peer
				if string(peer.OCSPStaple) != string(extra.OCSPStaple) {
					t.Errorf("the response is %q", peer.OCSPStaple)
				}
				if !slices.EqualFunc(peer.SCTs, extra.SCTs, slices.Equal) {
					t.Errorf("the SCTs are %q", peer.SCTs)
				}
			})
		}
	}
}

// TestNoServerName connects to an address: there is no name to send.
func TestNoServerName(t *testing.T) {
	for _, name := range []string{"", "127.0.0.1", "::1"} {
		for _, v := range bothVersions {
			client, server := hostsOf(v, "P-256")
			client.Config.ServerName = name
			if p := run(t, client, server, 0); p.Server.Established().ServerName != "" {
				t.Errorf("%q was sent as a name", name)
			}
		}
	}
}

// TestSettings changes the settings once the name is known.
func TestSettings(t *testing.T) {
	for _, v := range bothVersions {
		client, server := hostsOf(v, "P-256")
		server.Config.AskSettings = true
		other := *server.Config
		other.Protocols = []string{"http/1.1", "other"}
		server.Settings = &other
		p := run(t, client, server, 0)
		if p.Server.Established().ALPN != "http/1.1" || server.Asked[0] != handshake.Settings {
			t.Errorf("asked %v, %+v", server.Asked, p.Server.Established())
		}
	}
}

// TestApproval asks both hosts before the handshake is complete.
func TestApproval(t *testing.T) {
	for _, v := range bothVersions {
		client, server := hostsOf(v, "P-256")
		client.Config.AskApproval, server.Config.AskApproval = true, true
		run(t, client, server, 7)
		for _, h := range []*tlstest.Host{client, server} {
			if !slices.Contains(h.Asked, handshake.Approval) {
				t.Errorf("%v: asked %v", v, h.Asked)
			}
		}
	}
}

// TestVersions lets every pair of ranges of versions meet.
func TestVersions(t *testing.T) {
	ranges := [][2]iana.Version{{iana.TLS12, iana.TLS12}, {iana.TLS13, iana.TLS13}, {iana.TLS12, iana.TLS13}}
	for _, a := range ranges {
		for _, b := range ranges {
			client, server := clientHost(), serverHost("RSA-2048")
			client.Config.Policy = policy.Modern().Between(a[0], a[1])
			server.Config.Policy = policy.Modern().Between(b[0], b[1])
			highest := min(a[1], b[1])
			if highest < max(a[0], b[0]) {
				refused(t, client, server, fault.NoSharedVersion)
				continue
			}
			if p := run(t, client, server, 0); p.Client.Established().Version != highest {
				t.Errorf("%v and %v gave %v", a, b, p.Client.Established().Version)
			}
		}
	}
}
