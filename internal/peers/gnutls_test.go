package peers

import (
	stdtls "crypto/tls"
	"net"
	"slices"
	"strings"
	"testing"
)

// gnutls is GnuTLS's gnutls-serv and gnutls-cli.
type gnutls struct{}

func (gnutls) name() string { return "GnuTLS" }

// priority is what a setup is in GnuTLS's language. The last argument is added
// to it, such as "%NO_ETM".
func (gnutls) priority(s setup, extra string) string {
	parts := []string{"NONE", "+CTYPE-X509", "+SIGN-ALL"}
	switch s.version {
	case stdtls.VersionTLS13:
		parts = append(parts, "+VERS-TLS1.3")
	case stdtls.VersionTLS12:
		parts = append(parts, "+VERS-TLS1.2")
	default:
		parts = append(parts, "+VERS-TLS1.3", "+VERS-TLS1.2")
	}
	if s.suite == 0 {
		parts = append(parts, "+CIPHER-ALL", "+MAC-ALL", "+ECDHE-ECDSA", "+ECDHE-RSA")
	} else {
		parts = append(parts, suiteOf(s.suite).gnutls)
		parts = append(parts, map[string]string{
			anyKey: "+ECDHE-ECDSA:+ECDHE-RSA", ecdsaKey: "+ECDHE-ECDSA", rsaKey: "+ECDHE-RSA", rsaOnly: "+RSA",
		}[suiteOf(s.suite).auth])
	}
	if s.groups == nil {
		parts = append(parts, "+GROUP-ALL")
	}
	for _, id := range s.groups {
		parts = append(parts, groupOf(id).gnutls)
	}
	if extra != "" {
		parts = append(parts, extra)
	}
	return strings.Join(parts, ":")
}

// extra is taken out of the arguments for priority.
func (g gnutls) arguments(s setup) []string {
	extra := ""
	var more []string
	for _, m := range s.more {
		if strings.HasPrefix(m, "%") {
			extra = m
		} else if m != "" {
			more = append(more, m)
		}
	}
	args := []string{"--priority", g.priority(s, extra)}
	if s.id != nil {
		args = append(args, "--x509certfile", s.id.certFile, "--x509keyfile", s.id.keyFile)
	}
	return append(args, more...)
}

// server starts gnutls-serv, which sends back what it receives if it is not told
// to serve HTTP.
func (g gnutls) server(t *testing.T, s setup) (p *process, address string) {
	t.Helper()
	args := g.arguments(s)
	if !slices.Contains(args, "--http") {
		args = append(args, "--echo", "--crlf")
	}
	return startServer(t, s, `listening on IPv4.*done`, func(port string) []string {
		return append([]string{"gnutls-serv", "-p", port}, args...)
	})
}

// client starts gnutls-cli, which sends what is written to its input.
func (g gnutls) client(t *testing.T, s setup, address string) *process {
	t.Helper()
	to, port, _ := net.SplitHostPort(address)
	args := []string{
		"-p", port, "--x509cafile", root().file,
		"--sni-hostname", s.serverName(), "--verify-hostname", s.serverName(), to,
	}
	return startWith(t, s.environment, "gnutls-cli", append(args, g.arguments(s)...)...)
}

func (g gnutls) serve(t *testing.T, s setup) (address, say, hear string) {
	_, address = g.server(t, s)
	return address, greeting, greeting
}

func (g gnutls) connect(t *testing.T, s setup, address string) {
	t.Helper()
	conversation(t, g.client(t, s, address))
}
