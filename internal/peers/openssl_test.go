package peers

import (
	stdtls "crypto/tls"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// openssl is OpenSSL's s_server and s_client.
type openssl struct{}

func (openssl) name() string { return "OpenSSL" }

// options are those that s_server and s_client share.
func (openssl) options(s setup) []string {
	var args []string
	switch s.version {
	case stdtls.VersionTLS13:
		args = append(args, "-tls1_3")
	case stdtls.VersionTLS12:
		args = append(args, "-tls1_2")
	}
	if s.suite != 0 && suiteOf(s.suite).auth == anyKey {
		args = append(args, "-ciphersuites", suiteOf(s.suite).openssl)
	} else if s.suite != 0 {
		args = append(args, "-cipher", suiteOf(s.suite).openssl)
	}
	if s.groups != nil {
		var names []string
		for _, id := range s.groups {
			names = append(names, groupOf(id).openssl)
		}
		args = append(args, "-groups", strings.Join(names, ":"))
	}
	if s.id != nil {
		args = append(args, "-cert", s.id.certFile, "-key", s.id.keyFile)
	}
	return append(args, s.more...)
}

// server starts s_server. Without an argument that says otherwise it prints what
// it receives and sends what is written to its input.
func (o openssl) server(t *testing.T, s setup) (p *process, address string) {
	t.Helper()
	args := append([]string{"s_server", "-accept", "127.0.0.1:0"}, o.options(s)...)
	p = startWith(t, s.environment, "openssl", args...)
	return p, p.expect(`ACCEPT (127\.0\.0\.1:\d+)`)[1]
}

// client starts s_client. What is written to its input it sends; a line of one
// letter may be a command.
func (o openssl) client(t *testing.T, s setup, address string) *process {
	t.Helper()
	args := []string{"s_client", "-connect", address, "-CAfile", root().file, "-verify_return_error"}
	if !slices.Contains(s.more, "-noservername") {
		args = append(args, "-servername", s.serverName(), "-verify_hostname", s.serverName())
	}
	return startWith(t, s.environment, "openssl", append(args, o.options(s)...)...)
}

func (o openssl) serve(t *testing.T, s setup) (address, say, hear string) {
	s.more = append([]string{"-rev"}, s.more...) // answers each line in reverse
	_, address = o.server(t, s)
	return address, "lesdnah\n", "handsel\n"
}

func (o openssl) connect(t *testing.T, s setup, address string) {
	t.Helper()
	conversation(t, o.client(t, s, address))
}

// conversation says the greeting through a client of others, waits for the
// answer and has it end.
func conversation(t *testing.T, p *process) {
	t.Helper()
	p.send(greeting)
	p.expect(answer)
	if err := p.finish(); err != nil {
		t.Errorf("%s: %v", p.command.Args[0], err)
	}
}

// opensslSettings gives the environment that has "-ssl_config test" mean the
// setting, for what has no argument of its own.
func opensslSettings(t *testing.T, setting string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "openssl.cnf")
	content := "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\ntest = test\n[test]\n" + setting + "\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"OPENSSL_CONF=" + file}
}
