package peers

import (
	stdtls "crypto/tls"
	"strings"
	"testing"
)

// cbcCells are the CBC suites of TLS 1.2 with a group and key that suit them.
func cbcCells() []cell {
	var all []cell
	seen := make(map[uint16]bool)
	for _, c := range cells() {
		if suiteOf(c.suite).cbc && hasSuite(c.suite) && !seen[c.suite] {
			seen[c.suite] = true
			all = append(all, c)
		}
	}
	return all
}

// TestMAC has CBC suites both ways: the MAC of the text (RFC 5246) and of the
// encrypted text (RFC 7366), which both sides have to name.
func TestMAC(t *testing.T) {
	for _, mode := range []struct {
		name     string
		ofCipher bool
		openssl  []string
		gnutls   string
	}{
		{"EncryptThenMAC", true, nil, ""},
		{"MACThenEncrypt", false, []string{"-no_etm"}, "%NO_ETM"},
	} {
		for _, c := range cbcCells() {
			t.Run(mode.name+"/"+shortName(c.suite), func(t *testing.T) {
				if mode.ofCipher {
					skipLacking(t, encryptThenMAC)
				}
				theirs := func(more ...string) setup {
					return setup{version: c.version, suite: c.suite, groups: c.offered(), more: more}
				}
				theirServer := func(more ...string) setup {
					s := theirs(more...)
					s.id = identities()[c.key]
					return s
				}
				ourServer := func(t *testing.T) string {
					config := serverConfig(c.version, identities()[c.key])
					config.CipherSuites = []uint16{c.suite}
					return serve(t, config, nil).address
				}
				ourClient := func(t *testing.T, address string) *Conn {
					config := clientConfig(c.version)
					config.CipherSuites = []uint16{c.suite}
					return dial(t, address, config)
				}
				t.Run("OpenSSL/client", func(t *testing.T) {
					t.Parallel()
					p := openssl{}.client(t, theirs(append(mode.openssl, "-tlsextdebug")...), ourServer(t))
					conversation(t, p)
					wantSaid(t, p, `server extension "encrypt-then-mac"`, mode.ofCipher)
				})
				t.Run("OpenSSL/server", func(t *testing.T) {
					t.Parallel()
					p, address := openssl{}.server(t, theirServer(mode.openssl...))
					talkWith(t, p, ourClient(t, address), "about records\n")
				})
				t.Run("GnuTLS/client", func(t *testing.T) {
					t.Parallel()
					p := gnutls{}.client(t, theirs(mode.gnutls), ourServer(t))
					conversation(t, p)
					wantSaid(t, p, "EtM", mode.ofCipher)
				})
				t.Run("GnuTLS/server", func(t *testing.T) {
					t.Parallel()
					p, address := gnutls{}.server(t, theirServer(mode.gnutls))
					converse(t, ourClient(t, address), greeting, greeting)
					wantSaid(t, p, "EtM", mode.ofCipher)
				})
			})
		}
	}
}

// wantSaid fails the test unless a program has said the text, or has not.
func wantSaid(t *testing.T, p *process, text string, want bool) {
	t.Helper()
	if want {
		if !p.until(contains(text)) {
			t.Errorf("%s did not say %q", p.command.Args[0], text)
		}
	} else if strings.Contains(p.said(), text) {
		t.Errorf("%s said %q", p.command.Args[0], text)
	}
}

// TestNoExtendedMasterSecret meets peers that do not know RFC 7627.
func TestNoExtendedMasterSecret(t *testing.T) {
	const version = stdtls.VersionTLS12
	settings := opensslSettings(t, "Options = -ExtendedMasterSecret")
	for _, test := range []struct {
		name   string
		is     bool
		gnutls string
	}{
		{"with", true, ""},
		{"without", false, "%NO_SESSION_HASH"},
	} {
		t.Run(test.name+"/GnuTLS/client", func(t *testing.T) {
			t.Parallel()
			server := serve(t, serverConfig(version, identities()["P-256"]), nil)
			p := gnutls{}.client(t, setup{version: version, more: []string{test.gnutls}}, server.address)
			conversation(t, p)
			wantSaid(t, p, "extended master secret", test.is)
		})
		t.Run(test.name+"/GnuTLS/server", func(t *testing.T) {
			t.Parallel()
			p, address := gnutls{}.server(t, setup{
				version: version, id: identities()["P-256"], more: []string{test.gnutls},
			})
			converse(t, dial(t, address, clientConfig(version)), greeting, greeting)
			wantSaid(t, p, "extended master secret", test.is)
		})
		t.Run(test.name+"/OpenSSL/client", func(t *testing.T) {
			t.Parallel()
			s := setup{version: version}
			word := "Extended master secret: yes"
			if !test.is {
				s.environment, s.more = settings, []string{"-ssl_config", "test"}
				word = "Extended master secret: no"
			}
			server := serve(t, serverConfig(version, identities()["P-256"]), nil)
			p := openssl{}.client(t, s, server.address)
			p.expect(word)
			conversation(t, p)
		})
		t.Run(test.name+"/OpenSSL/server", func(t *testing.T) {
			t.Parallel()
			s := setup{version: version, id: identities()["P-256"]}
			if !test.is {
				s.environment, s.more = settings, []string{"-ssl_config", "test"}
			}
			p, address := openssl{}.server(t, s)
			talkWith(t, p, dial(t, address, clientConfig(version)), "about secrets\n")
		})
	}
}
