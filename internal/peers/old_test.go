//go:build !peers_std

package peers

import (
	stdtls "crypto/tls"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	subject "github.com/handsel-tls/handsel/tls"
)

// An oldCell is a combination of old versions and suites. Our side allows it
// and nothing else.
type oldCell struct {
	version iana.Version
	suite   iana.Suite
}

func (c oldCell) String() string { return fmt.Sprintf("%v/%v", c.version, c.suite) }

// key is the kind of key of the server.
func (c oldCell) key() string {
	switch c.suite {
	case iana.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, iana.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA:
		return "P-256"
	}
	return "RSA-2048"
}

func (c oldCell) config(config *Config) *Config {
	config.Policy = "museum"
	config.MinVersion, config.MaxVersion = uint16(c.version), uint16(c.version)
	config.CipherSuites = []uint16{uint16(c.suite)}
	return config
}

// old is a peer with what it needs to speak old versions.
type old struct {
	peer
	cells []oldCell
	more  func(oldCell) []string
}

// cross gives every suite in every version.
func cross(versions []iana.Version, suites ...iana.Suite) (all []oldCell) {
	for _, v := range versions {
		for _, s := range suites {
			all = append(all, oldCell{v, s})
		}
	}
	return all
}

var (
	oldTLS = []iana.Version{iana.TLS10, iana.TLS11}
	upTo12 = []iana.Version{iana.TLS10, iana.TLS11, iana.TLS12}
)

// oldPeers are those that are built with something old. OpenSSL has neither RC4
// nor 3DES unless it was built for them, and SSL 3.0 is in NSS alone.
var oldPeers = []old{
	{
		openssl{},
		cross(upTo12, iana.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, iana.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
			iana.TLS_RSA_WITH_AES_128_CBC_SHA, iana.TLS_DHE_RSA_WITH_AES_128_CBC_SHA, iana.TLS_DHE_RSA_WITH_AES_256_CBC_SHA),
		func(c oldCell) []string {
			version := map[iana.Version]string{iana.TLS10: "-tls1", iana.TLS11: "-tls1_1", iana.TLS12: "-tls1_2"}[c.version]
			return []string{version, "-cipher", "ALL:@SECLEVEL=0"}
		},
	},
	{
		gnutls{},
		cross(upTo12, iana.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, iana.TLS_RSA_WITH_AES_128_CBC_SHA, iana.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
			iana.TLS_DHE_RSA_WITH_AES_256_CBC_SHA, iana.TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA,
			iana.TLS_RSA_WITH_RC4_128_SHA, iana.TLS_RSA_WITH_RC4_128_MD5, iana.TLS_ECDHE_RSA_WITH_RC4_128_SHA),
		func(c oldCell) []string {
			version := map[iana.Version]string{iana.TLS10: "1.0", iana.TLS11: "1.1", iana.TLS12: "1.2"}[c.version]
			return []string{"%COMPAT:-VERS-ALL:+VERS-TLS" + version + ":+RSA:+DHE-RSA:+3DES-CBC:+ARCFOUR-128:+SHA1:+MD5:+GROUP-ALL"}
		},
	},
	{
		nss{},
		append(cross([]iana.Version{iana.SSL30}, iana.TLS_RSA_WITH_RC4_128_SHA, iana.TLS_RSA_WITH_RC4_128_MD5,
			iana.TLS_RSA_WITH_3DES_EDE_CBC_SHA, iana.TLS_RSA_WITH_AES_128_CBC_SHA, iana.TLS_DHE_RSA_WITH_AES_128_CBC_SHA),
			cross(oldTLS, iana.TLS_RSA_WITH_RC4_128_SHA, iana.TLS_RSA_WITH_3DES_EDE_CBC_SHA, iana.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
				iana.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, iana.TLS_DHE_RSA_WITH_AES_256_CBC_SHA)...),
		func(c oldCell) []string {
			version := map[iana.Version]string{iana.SSL30: "ssl3", iana.TLS10: "tls1.0", iana.TLS11: "tls1.1"}[c.version]
			return []string{"-V", version + ":" + version, "-c", fmt.Sprintf(":%04X", uint16(c.suite))}
		},
	},
}

// TestOldVersions makes a connection with every old version and suite that a
// peer still has, in both directions.
func TestOldVersions(t *testing.T) {
	for _, p := range oldPeers {
		for _, c := range p.cells {
			t.Run(p.name()+"/server/"+c.String(), func(t *testing.T) {
				t.Parallel()
				address, say, hear := p.serve(t, setup{id: identities()[c.key()], more: p.more(c)})
				conn := dial(t, address, c.config(clientConfig(0)))
				converse(t, conn, say, hear)
				c.check(t, conn.ConnectionState())
			})
			t.Run(p.name()+"/client/"+c.String(), func(t *testing.T) {
				t.Parallel()
				server := serve(t, c.config(serverConfig(0, identities()[c.key()])), nil)
				connectOld(t, p.peer, setup{more: p.more(c)}, server.address)
				c.check(t, server.next(t).state)
			})
		}
	}
}

// connectOld has a client say a line and waits for the answer. tstclnt prints
// each record by itself: the first may have a single letter, because of BEAST.
func connectOld(t *testing.T, p peer, s setup, address string) {
	t.Helper()
	n, ok := p.(nss)
	if !ok {
		p.connect(t, s, address)
		return
	}
	client := n.client(t, s, address)
	client.expect(answer[1:])
	if err := client.finish(); err != nil {
		t.Errorf("tstclnt: %v", err)
	}
}

// TestDSA makes connections with DHE_DSS, both ways. OpenSSL makes the key and
// the certificate; it is not issued by anybody.
func TestDSA(t *testing.T) {
	need(t, "openssl")
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for _, args := range [][]string{
		{"dsaparam", "-genkey", "-noout", "-out", filepath.Join(dir, "dsa.pem"), "1024"},
		{"pkcs8", "-topk8", "-nocrypt", "-in", filepath.Join(dir, "dsa.pem"), "-out", key},
		{"req", "-x509", "-new", "-key", key, "-sha256", "-days", "30", "-subj", "/CN=" + host,
			"-addext", "subjectAltName=DNS:" + host, "-out", cert},
	} {
		if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	pair, err := subject.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range upTo12 {
		c := oldCell{v, iana.TLS_DHE_DSS_WITH_AES_128_CBC_SHA}
		more := append(oldPeers[0].more(c), "-cert", cert, "-key", key)
		t.Run("server/"+c.String(), func(t *testing.T) {
			address, say, hear := openssl{}.serve(t, setup{more: more})
			config := c.config(clientConfig(0))
			config.InsecureSkipVerify = true
			conn := dial(t, address, config)
			converse(t, conn, say, hear)
			c.check(t, conn.ConnectionState())
		})
		t.Run("client/"+c.String(), func(t *testing.T) {
			config := c.config(serverConfig(0))
			config.Certificates = []subject.Certificate{pair}
			server := serve(t, config, nil)
			openssl{}.connect(t, setup{more: append(oldPeers[0].more(c), "-CAfile", cert)}, server.address)
			c.check(t, server.next(t).state)
		})
	}
}

// TestFiniteGroups makes connections of TLS 1.3 and 1.2 with groups of RFC 7919
// and no others.
func TestFiniteGroups(t *testing.T) {
	for _, c := range []struct {
		peer    peer
		version uint16
		group   stdtls.CurveID
		more    []string
	}{
		{openssl{}, stdtls.VersionTLS13, 0x100, []string{"-tls1_3", "-groups", "ffdhe2048"}},
		{openssl{}, stdtls.VersionTLS13, 0x104, []string{"-tls1_3", "-groups", "ffdhe8192"}},
		{gnutls{}, stdtls.VersionTLS13, 0x101, []string{"%COMPAT:-GROUP-ALL:+GROUP-FFDHE3072:+DHE-RSA"}},
		{gnutls{}, stdtls.VersionTLS12, 0x102, []string{"%COMPAT:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+DHE-RSA:-GROUP-ALL:+GROUP-FFDHE4096"}},
		{nss{}, stdtls.VersionTLS13, 0x100, []string{"-I", "FF2048"}},
	} {
		config := func(config *Config) *Config {
			config.Policy, config.CurvePreferences = "compatible", []stdtls.CurveID{c.group}
			return config
		}
		name := fmt.Sprintf("%s/%s/%v", c.peer.name(), versionName(c.version), iana.Group(c.group))
		check := func(t *testing.T, state stdtls.ConnectionState) {
			if state.Version != c.version || state.CurveID != c.group {
				t.Errorf("the connection has %s, %v", versionName(state.Version), iana.Group(state.CurveID))
			}
		}
		t.Run(name+"/server", func(t *testing.T) {
			t.Parallel()
			address, say, hear := c.peer.serve(t, setup{id: identities()["RSA-2048"], more: c.more})
			conn := dial(t, address, config(clientConfig(c.version)))
			converse(t, conn, say, hear)
			check(t, conn.ConnectionState())
		})
		t.Run(name+"/client", func(t *testing.T) {
			t.Parallel()
			server := serve(t, config(serverConfig(c.version, identities()["RSA-2048"])), nil)
			c.peer.connect(t, setup{more: c.more}, server.address)
			check(t, server.next(t).state)
		})
	}
}

func (c oldCell) check(t *testing.T, state stdtls.ConnectionState) {
	t.Helper()
	if state.Version != uint16(c.version) || state.CipherSuite != uint16(c.suite) {
		t.Errorf("the connection has %v, %v", iana.Version(state.Version), iana.Suite(state.CipherSuite))
	}
}
