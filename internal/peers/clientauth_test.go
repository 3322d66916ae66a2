package peers

import (
	"bytes"
	stdtls "crypto/tls"
	"testing"
)

var bothVersions = []uint16{stdtls.VersionTLS12, stdtls.VersionTLS13}

// TestClientCertificateServer gives certificates to servers of others that
// require one.
func TestClientCertificateServer(t *testing.T) {
	for _, test := range []struct {
		name string
		peer peer
		more func() []string
	}{
		{"OpenSSL", openssl{}, func() []string {
			return []string{"-Verify", "1", "-verify_return_error", "-CAfile", root().file}
		}},
		{"GnuTLS", gnutls{}, func() []string {
			return []string{"--require-client-cert", "--verify-client-cert", "--x509cafile", root().file}
		}},
		{"NSS", nss{}, func() []string { return []string{"-r", "-r"} }},
	} {
		for _, version := range bothVersions {
			for _, kind := range keyTypes {
				if test.name == "NSS" && kind == "Ed25519" {
					continue // see holes
				}
				t.Run(test.name+"/"+versionName(version)+"/"+kind, func(t *testing.T) {
					t.Parallel()
					address, say, hear := test.peer.serve(t, setup{
						version: version, id: identities()["P-256"], more: test.more(),
					})
					giveCertificate(t, address, version, kind, say, hear)
				})
			}
			t.Run(test.name+"/"+versionName(version)+"/none", func(t *testing.T) {
				t.Parallel()
				address, _, _ := test.peer.serve(t, setup{
					version: version, id: identities()["P-256"], more: test.more(),
				})
				conn, err := tryDial(t, address, clientConfig(version))
				if err == nil { // in TLS 1.3 the server looks at our answer after we are done
					_, err = conn.Read(make([]byte, 1))
				}
				if err == nil {
					t.Error("the server took a connection without a certificate")
				}
			})
		}
	}
}

func giveCertificate(t *testing.T, address string, version uint16, kind, say, hear string) {
	config := clientConfig(version)
	asked := false
	config.GetClientCertificate = func(info *stdtls.CertificateRequestInfo) (*stdtls.Certificate, error) {
		asked = true
		found := false
		for _, name := range info.AcceptableCAs {
			found = found || bytes.Equal(name, root().cert.RawSubject)
		}
		if !found {
			t.Errorf("the authority is not among the %d names of the CertificateRequest", len(info.AcceptableCAs))
		}
		id := clientIdentities()[kind]
		if err := info.SupportsCertificate(&id.certificate); err != nil {
			t.Errorf("SupportsCertificate: %v", err)
		}
		return &id.certificate, nil
	}
	conn := dial(t, address, config)
	converse(t, conn, say, hear)
	if !asked {
		t.Error("the server did not ask for a certificate")
	}
}

// TestClientCertificateClient asks clients of others for a certificate.
func TestClientCertificateClient(t *testing.T) {
	for _, p := range peersOfMatrix {
		for _, version := range bothVersions {
			for _, kind := range keyTypes {
				if p.name() == "NSS" && kind == "Ed25519" {
					continue // see holes
				}
				t.Run(p.name()+"/"+versionName(version)+"/"+kind, func(t *testing.T) {
					t.Parallel()
					config := serverConfig(version, identities()["P-256"])
					config.ClientAuth, config.ClientCAs = stdtls.RequireAndVerifyClientCert, root().pool
					server := serve(t, config, nil)
					id := clientIdentities()[kind]
					p.connect(t, setup{version: version, id: id}, server.address)
					state := server.next(t).state
					if len(state.VerifiedChains) == 0 || !state.PeerCertificates[0].Equal(id.certificate.Leaf) {
						t.Error("the client's certificate is not in the state")
					}
				})
			}
			if p.name() == "NSS" {
				continue // tstclnt takes a certificate from its database if it is told of none
			}
			t.Run(p.name()+"/"+versionName(version)+"/optional", func(t *testing.T) {
				t.Parallel()
				config := serverConfig(version, identities()["P-256"])
				config.ClientAuth, config.ClientCAs = stdtls.VerifyClientCertIfGiven, root().pool
				server := serve(t, config, nil)
				p.connect(t, setup{version: version}, server.address)
				if state := server.next(t).state; len(state.PeerCertificates) != 0 {
					t.Error("there is a certificate from a client that has none")
				}
			})
		}
	}
}

// TestClientCertificateRefused has our server refuse OpenSSL's client, which
// must be told why.
func TestClientCertificateRefused(t *testing.T) {
	for _, version := range bothVersions {
		missing := "alert certificate required" // RFC 9846, section 4.5.1.4
		if version == stdtls.VersionTLS12 {
			missing = "alert (handshake failure|bad certificate)" // RFC 5246, section 7.4.6
		}
		for _, test := range []struct {
			name string
			id   func() *identity
			hear string
		}{
			{"none", func() *identity { return nil }, missing},
			{"unknown authority", strangeClient, "alert (unknown ca|bad certificate)"},
		} {
			t.Run(versionName(version)+"/"+test.name, func(t *testing.T) {
				t.Parallel()
				config := serverConfig(version, identities()["P-256"])
				config.ClientAuth, config.ClientCAs = stdtls.RequireAndVerifyClientCert, root().pool
				server := serve(t, config, nil)
				p := openssl{}.client(t, setup{version: version, id: test.id()}, server.address)
				p.expect(test.hear)
				p.expect(`Acceptable client certificate CA names\s+CN = root`)
				if o := server.outcome(t); o.handshake == nil {
					t.Error("our handshake succeeded")
				}
			})
		}
	}
}
