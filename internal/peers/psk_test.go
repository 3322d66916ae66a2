//go:build !peers_std

package peers

import (
	stdtls "crypto/tls"
	"encoding/hex"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/tls"
)

const (
	pskIdentity = "device 17"
	pskHex      = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
)

// pskOf gives the key for a version.
func pskOf(version uint16) tls.PreSharedKey {
	return tls.PreSharedKey{Identity: []byte(pskIdentity), Key: must(hex.DecodeString(pskHex)), TLS12: version < stdtls.VersionTLS13}
}

func pskConfig(version uint16, suite uint16) *Config {
	config := newConfig()
	config.PreSharedKeys = []tls.PreSharedKey{pskOf(version)}
	config.MinVersion, config.MaxVersion = version, version
	if suite != 0 {
		config.CipherSuites = []uint16{suite}
	}
	return config
}

// pskSuites are tried in TLS 1.2, by OpenSSL's names; empty: what a key turns on.
var pskSuites = map[uint16]string{
	0:      "ECDHE-PSK-CHACHA20-POLY1305",
	0xc035: "ECDHE-PSK-AES128-CBC-SHA",
	0x00a8: "PSK-AES128-GCM-SHA256",
	0x008d: "PSK-AES256-CBC-SHA",
}

// TestPreSharedKeys has both sides know each other by a key alone, with OpenSSL
// and GnuTLS in both directions.
func TestPreSharedKeys(t *testing.T) {
	type one struct {
		name    string
		version uint16
		suite   uint16
		openssl []string
	}
	list := []one{{"TLS 1.3", stdtls.VersionTLS13, 0, []string{"-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"}}}
	for id, name := range pskSuites {
		list = append(list, one{name, stdtls.VersionTLS12, id, []string{"-tls1_2", "-cipher", name + ":@SECLEVEL=0"}})
	}
	for _, c := range list {
		t.Run("from OpenSSL/"+c.name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, pskConfig(c.version, c.suite), nil)
			args := append([]string{"s_client", "-connect", server.address, "-psk_identity", pskIdentity, "-psk", pskHex}, c.openssl...)
			conversation(t, start(t, "openssl", args...))
			if o := server.next(t); o.err != nil {
				t.Error(o.err)
			}
		})
		t.Run("to OpenSSL/"+c.name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"s_server", "-accept", "127.0.0.1:0", "-nocert", "-rev", "-psk_identity", pskIdentity, "-psk", pskHex}, c.openssl...)
			p := start(t, "openssl", args...)
			address := p.expect(`ACCEPT (127\.0\.0\.1:\d+)`)[1]
			config := pskConfig(c.version, c.suite)
			config.RequirePreSharedKey = true
			conn := dial(t, address, config)
			converse(t, conn, "lesdnah\n", "handsel\n")
			if id := string(conn.PreSharedKeyIdentity()); id != pskIdentity {
				t.Errorf("the identity is %q", id)
			}
		})
	}
	for _, version := range bothVersions {
		priority := "NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+ECDHE-PSK:+DHE-PSK:+PSK"
		if version == stdtls.VersionTLS12 {
			priority = strings.Replace(priority, "TLS1.3", "TLS1.2", 1)
		}
		t.Run("from GnuTLS/"+versionName(version), func(t *testing.T) {
			if version == stdtls.VersionTLS12 {
				t.Skip("gnutls-cli 3.7.9 crashes after any such handshake in TLS 1.2, with OpenSSL's server as well")
			}
			t.Parallel()
			server := serve(t, pskConfig(version, 0), nil)
			_, port, _ := net.SplitHostPort(server.address)
			conversation(t, start(t, "gnutls-cli", "-p", port, "--priority", priority, "--pskusername", pskIdentity, "--pskkey", pskHex, "127.0.0.1"))
			if o := server.next(t); o.err != nil {
				t.Error(o.err)
			}
		})
		t.Run("to GnuTLS/"+versionName(version), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "psk.txt")
			if err := os.WriteFile(file, []byte(pskIdentity+":"+pskHex+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, address := startServer(t, setup{}, `listening on IPv4.*done`, func(port string) []string {
				return []string{"gnutls-serv", "-p", port, "--echo", "--crlf", "--priority", priority, "--pskpasswd", file}
			})
			config := pskConfig(version, 0)
			config.RequirePreSharedKey = true
			converse(t, dial(t, address, config), greeting, greeting)
		})
	}
}
