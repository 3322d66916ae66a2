package peers

import (
	stdtls "crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// nss is NSS's selfserv and tstclnt.
type nss struct{}

func (nss) name() string { return "NSS" }

// options are those that selfserv and tstclnt share.
func (nss) options(t *testing.T, s setup) []string {
	args := []string{"-d", needNSS(t), "-v"}
	switch s.version {
	case stdtls.VersionTLS13:
		args = append(args, "-V", "tls1.3:tls1.3")
	case stdtls.VersionTLS12:
		args = append(args, "-V", "tls1.2:tls1.2")
	default:
		args = append(args, "-V", "tls1.2:tls1.3")
	}
	if s.suite != 0 {
		args = append(args, "-c", fmt.Sprintf(":%04X", s.suite))
	}
	if s.groups != nil {
		var names []string
		for _, id := range s.groups {
			names = append(names, groupOf(id).nss)
		}
		args = append(args, "-I", strings.Join(names, ","))
	}
	return append(args, s.more...)
}

// server starts selfserv, which answers requests of HTTP.
func (n nss) server(t *testing.T, s setup) (p *process, address string) {
	t.Helper()
	options := n.options(t, s)
	if s.id.kind == "RSA-2048" {
		options = append(options, "-n", s.id.nickname)
	} else {
		options = append(options, "-e", s.id.nickname)
	}
	return startServer(t, s, `About to call accept`, func(port string) []string {
		return append([]string{"selfserv", "-p", port}, options...)
	})
}

// client starts tstclnt, which sends the greeting and asks the server to close:
// it never closes first. It takes what to send from a file because it misses
// the end of a pipe and polls it forever.
func (n nss) client(t *testing.T, s setup, address string) *process {
	t.Helper()
	request := filepath.Join(t.TempDir(), "request")
	if err := os.WriteFile(request, []byte(greeting+goodbye), 0o600); err != nil {
		t.Fatal(err)
	}
	to, port, _ := net.SplitHostPort(address)
	args := []string{"-h", to, "-p", port, "-a", s.serverName(), "-A", request}
	if s.id != nil {
		args = append(args, "-n", s.id.nickname)
	}
	return startWith(t, s.environment, "tstclnt", append(args, n.options(t, s)...)...)
}

func (n nss) serve(t *testing.T, s setup) (address, say, hear string) {
	if curve := curveOf(s.id.kind); s.version == stdtls.VersionTLS12 && s.groups != nil && curve != 0 {
		s.groups = append(slices.Clone(s.groups), curve) // it takes no ECDSA key on a curve that it does not allow
	}
	_, address = n.server(t, s)
	return address, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK"
}

func (n nss) connect(t *testing.T, s setup, address string) {
	t.Helper()
	p := n.client(t, s, address)
	p.expect(answer)
	if err := p.finish(); err != nil {
		t.Errorf("tstclnt: %v", err)
	}
}
