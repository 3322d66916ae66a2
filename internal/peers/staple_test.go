package peers

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestStapleServer takes a certificate's status from servers of others (RFC
// 6066, section 8; RFC 9846, section 4.5.1.1).
func TestStapleServer(t *testing.T) {
	for _, test := range []struct {
		peer peer
		more func(file string) []string
	}{
		{openssl{}, func(file string) []string { return []string{"-status_file", file} }},
		{gnutls{}, func(file string) []string { return []string{"--ocsp-response", file} }},
	} {
		for _, version := range bothVersions {
			t.Run(test.peer.name()+"/"+versionName(version), func(t *testing.T) {
				t.Parallel()
				id := identities()["P-256"]
				status, file := root().staple(t, id)
				address, say, hear := test.peer.serve(t, setup{version: version, id: id, more: test.more(file)})
				conn := dial(t, address, clientConfig(version))
				converse(t, conn, say, hear)
				if got := conn.ConnectionState().OCSPResponse; !bytes.Equal(got, status) {
					t.Errorf("the status has %d bytes and is not the one of %d bytes that the server has", len(got), len(status))
				}
			})
		}
	}
}

// TestStapleClient gives a certificate's status to clients of others.
func TestStapleClient(t *testing.T) {
	for _, version := range bothVersions {
		id := identities()["P-256"]
		status, _ := root().staple(t, id)
		config := serverConfig(version, id)
		config.Certificates[0].OCSPStaple = status
		t.Run("OpenSSL/"+versionName(version), func(t *testing.T) {
			t.Parallel()
			p := openssl{}.client(t, setup{version: version, more: []string{"-status"}}, serve(t, config, nil).address)
			p.expect(`OCSP Response Status: successful`)
			p.expect(`Cert Status: good`)
			conversation(t, p)
		})
		t.Run("OpenSSL/"+versionName(version)+"/not asked", func(t *testing.T) {
			t.Parallel()
			openssl{}.connect(t, setup{version: version}, serve(t, config, nil).address)
		})
		t.Run("GnuTLS/"+versionName(version), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "status")
			p := gnutls{}.client(t, setup{
				version: version, more: []string{"--save-ocsp", file},
			}, serve(t, config, nil).address)
			conversation(t, p)
			got, err := os.ReadFile(file)
			if err != nil || !bytes.Equal(got, status) {
				t.Errorf("gnutls-cli got %d bytes, %v; want the %d that the server has", len(got), err, len(status))
			}
		})
		t.Run("NSS/"+versionName(version), func(t *testing.T) {
			t.Parallel()
			p := nss{}.client(t, setup{version: version, more: []string{"-T"}}, serve(t, config, nil).address)
			p.expect(`Received 1 Cert Status items`)
			p.expect(answer)
		})
	}
}
