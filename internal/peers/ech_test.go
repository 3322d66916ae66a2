package peers

import (
	"crypto/ecdh"
	stdtls "crypto/tls"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"sync"
	"testing"

	"github.com/handsel-tls/handsel/internal/tlstest"
)

// NSS is the only program here that knows Encrypted Client Hello (RFC 9849):
// OpenSSL does from 4.0 on, GnuTLS does not, and Chromium takes configurations
// from the DNS alone.

const publicName = "public.localhost"

var publicIdentity = sync.OnceValue(func() *identity { return root().issue("public", "P-256", publicName) })

// echConfig gives a server with a key, and the list for its clients.
func echConfig(t *testing.T, key tlstest.ECHKey) (config *Config, list string) {
	t.Helper()
	config = serverConfig(stdtls.VersionTLS13, identities()["P-256"], publicIdentity())
	config.EncryptedClientHelloKeys = []stdtls.EncryptedClientHelloKey{{Config: key.Config, PrivateKey: key.Private, SendAsRetry: true}}
	return config, base64.StdEncoding.EncodeToString(tlstest.ECHList(key))
}

func TestECHClient(t *testing.T) {
	key := tlstest.NewECHKey(5, publicName)
	for name, s := range map[string]setup{
		"at once":       {version: stdtls.VersionTLS13},
		"after a retry": {version: stdtls.VersionTLS13, groups: []stdtls.CurveID{stdtls.CurveP256, stdtls.CurveP384}},
	} {
		t.Run("NSS/"+name, func(t *testing.T) {
			t.Parallel()
			config, list := echConfig(t, key)
			if s.groups != nil {
				config.CurvePreferences = []stdtls.CurveID{stdtls.CurveP384}
			}
			s.more = []string{"-N", list}
			server := serve(t, config, nil)
			nss{}.connect(t, s, server.address)
			if state := server.next(t).state; !state.ECHAccepted || state.ServerName != host || state.HelloRetryRequest != (s.groups != nil) {
				t.Errorf("accepted %v for %q, retried %v", state.ECHAccepted, state.ServerName, state.HelloRetryRequest)
			}
		})
	}
	t.Run("NSS/rejected", func(t *testing.T) {
		t.Parallel()
		// tstclnt verifies every server for the name that it was given.
		config, _ := echConfig(t, tlstest.NewECHKey(6, host))
		_, list := echConfig(t, tlstest.NewECHKey(5, host))
		server := serve(t, config, nil)
		p := nss{}.client(t, setup{version: stdtls.VersionTLS13, more: []string{"-N", list}}, server.address)
		p.expect(`SSL_ERROR_ECH_RETRY_WITH_ECH|SSL_ERROR_ECH_RETRY`)
		// The client ends it once it is complete, with the server's ticket unread:
		// the alert may be lost.
		wantError(t, server.next(t).err, "ech required|encrypted client hello required|reset by peer")
	})
	t.Run("NSS/grease", func(t *testing.T) {
		t.Parallel()
		config, _ := echConfig(t, key)
		server := serve(t, config, nil)
		nss{}.connect(t, setup{version: stdtls.VersionTLS13, more: []string{"-i", "100"}}, server.address)
		if state := server.next(t).state; state.ECHAccepted || state.ServerName != host {
			t.Errorf("accepted %v for %q", state.ECHAccepted, state.ServerName)
		}
	})
}

// echNSS starts selfserv with a key. It takes a key of X25519 in a form of its
// own; to make one by itself fails in NSS 3.87.
func echNSS(t *testing.T, s setup) (address string, key tlstest.ECHKey) {
	t.Helper()
	key = tlstest.NewECHKey(5, publicName)
	private := must(ecdh.X25519().NewPrivateKey(key.Private))
	inner := must(asn1.Marshal(struct {
		Version int
		Private []byte
		Public  asn1.BitString `asn1:"explicit,tag:1"`
	}{1, key.Private, asn1.BitString{Bytes: private.PublicKey().Bytes(), BitLength: 256}}))
	der := must(asn1.Marshal(struct {
		Version   int
		Algorithm struct{ Key, Curve asn1.ObjectIdentifier }
		Private   []byte
	}{
		Algorithm: struct{ Key, Curve asn1.ObjectIdentifier }{
			asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 15, 1},
		},
		Private: inner,
	}))
	params := append(binary.BigEndian.AppendUint16(nil, uint16(len(der))), der...)
	params = append(params, tlstest.ECHList(key)...)
	s.version, s.id = stdtls.VersionTLS13, identities()["P-256"]
	s.more = []string{"-X", base64.StdEncoding.EncodeToString(params)}
	_, address = nss{}.server(t, s)
	return address, key
}

func TestECHServer(t *testing.T) {
	for name, s := range map[string]setup{"at once": {}, "after a retry": {groups: []stdtls.CurveID{stdtls.CurveP384}}} {
		t.Run("NSS/"+name, func(t *testing.T) {
			t.Parallel()
			if s.groups != nil {
				skipLacking(t, echRetry)
			}
			address, key := echNSS(t, s)
			config := clientConfig(stdtls.VersionTLS13)
			config.EncryptedClientHelloConfigList = tlstest.ECHList(key)
			if s.groups != nil {
				config.CurvePreferences = []stdtls.CurveID{stdtls.X25519, stdtls.CurveP384}
			}
			conn := dial(t, address, config)
			converse(t, conn, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK")
			if state := conn.ConnectionState(); !state.ECHAccepted || state.HelloRetryRequest != (s.groups != nil) {
				t.Errorf("accepted %v, retried %v", state.ECHAccepted, state.HelloRetryRequest)
			}
		})
	}
	// selfserv has a certificate for the name inside only: what it gives for the
	// next try must not be taken.
	t.Run("NSS/rejected", func(t *testing.T) {
		t.Parallel()
		skipLacking(t, echOneName)
		address, key := echNSS(t, setup{})
		config := clientConfig(stdtls.VersionTLS13)
		config.EncryptedClientHelloConfigList = tlstest.ECHList(tlstest.NewECHKey(7, publicName))
		_, err := tryDial(t, address, config)
		var rejected *stdtls.ECHRejectionError
		var unverified *stdtls.CertificateVerificationError
		if errors.As(err, &rejected) || !errors.As(err, &unverified) {
			t.Errorf("the error is %v", err)
		}
		config = clientConfig(stdtls.VersionTLS13)
		config.EncryptedClientHelloConfigList = tlstest.ECHList(tlstest.NewECHKey(7, host))
		_, err = tryDial(t, address, config)
		if !errors.As(err, &rejected) || string(rejected.RetryConfigList) != string(tlstest.ECHList(key)) {
			t.Errorf("the error is %v", err)
		}
	})
}
