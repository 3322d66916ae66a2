package peers

import (
	stdtls "crypto/tls"
	"path/filepath"
	"testing"
)

// skipLacking skips a test of what the package under test does not have.
func skipLacking(t *testing.T, f feature) {
	t.Helper()
	if why := lacks[f]; why != "" {
		t.Skip(why)
	}
}

// TestResumeServer resumes sessions with servers of others.
func TestResumeServer(t *testing.T) {
	for _, test := range []struct {
		name    string
		peer    peer
		version uint16
		byID    bool
		more    []string
	}{
		{"Go/TLS1.3", standard{}, stdtls.VersionTLS13, false, nil},
		{"Go/TLS1.2", standard{}, stdtls.VersionTLS12, false, nil},
		{"OpenSSL/TLS1.3", openssl{}, stdtls.VersionTLS13, false, nil},
		{"OpenSSL/TLS1.3/stateful", openssl{}, stdtls.VersionTLS13, false, []string{"-no_ticket"}},
		{"OpenSSL/TLS1.2", openssl{}, stdtls.VersionTLS12, false, nil},
		{"OpenSSL/TLS1.2/ID", openssl{}, stdtls.VersionTLS12, true, []string{"-no_ticket"}},
		{"GnuTLS/TLS1.3", gnutls{}, stdtls.VersionTLS13, false, nil},
		{"GnuTLS/TLS1.2", gnutls{}, stdtls.VersionTLS12, false, nil},
		{"GnuTLS/TLS1.2/ID", gnutls{}, stdtls.VersionTLS12, true, []string{"--noticket"}},
		{"NSS/TLS1.3", nss{}, stdtls.VersionTLS13, false, []string{"-u"}},
		{"NSS/TLS1.2", nss{}, stdtls.VersionTLS12, false, []string{"-u"}},
		{"NSS/TLS1.2/ID", nss{}, stdtls.VersionTLS12, true, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.byID {
				skipLacking(t, sessionIDs)
			}
			address, say, hear := test.peer.serve(t, setup{
				version: test.version, id: identities()["P-256"], more: test.more,
			})
			config := clientConfig(test.version)
			config.ClientSessionCache = newSessionCache(8)
			for i := range 3 {
				conn := dial(t, address, config)
				converse(t, conn, say, hear)
				state := conn.ConnectionState()
				if state.DidResume != (i > 0) {
					t.Fatalf("connection %d: DidResume is %v", i+1, state.DidResume)
				}
				if len(state.PeerCertificates) == 0 || len(state.VerifiedChains) == 0 {
					t.Errorf("connection %d: the server's certificate is not in the state", i+1)
				}
				conn.Close()
			}
		})
	}
}

// TestResumeClient has clients of others resume sessions with our server.
func TestResumeClient(t *testing.T) {
	for _, test := range []struct {
		name    string
		twice   func(t *testing.T, s setup, address string)
		version uint16
		byID    bool
		more    []string
	}{
		{"Go/TLS1.3", resumeStandard, stdtls.VersionTLS13, false, nil},
		{"Go/TLS1.2", resumeStandard, stdtls.VersionTLS12, false, nil},
		{"OpenSSL/TLS1.3", resumeOpenSSL, stdtls.VersionTLS13, false, nil},
		{"OpenSSL/TLS1.2", resumeOpenSSL, stdtls.VersionTLS12, false, nil},
		{"OpenSSL/TLS1.2/ID", resumeOpenSSL, stdtls.VersionTLS12, true, []string{"-no_ticket"}},
		{"GnuTLS/TLS1.3", resumeGnuTLS, stdtls.VersionTLS13, false, nil},
		{"GnuTLS/TLS1.2", resumeGnuTLS, stdtls.VersionTLS12, false, nil},
		{"GnuTLS/TLS1.2/ID", resumeGnuTLS, stdtls.VersionTLS12, true, []string{"--noticket"}},
		{"NSS/TLS1.3", resumeNSS, stdtls.VersionTLS13, false, []string{"-u"}},
		{"NSS/TLS1.2", resumeNSS, stdtls.VersionTLS12, false, []string{"-u"}},
		{"NSS/TLS1.2/ID", resumeNSS, stdtls.VersionTLS12, true, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config := serverConfig(test.version, identities()["P-256"])
			if test.byID {
				skipLacking(t, sessionIDs)
				keepSessions(config)
			}
			server := serve(t, config, nil)
			test.twice(t, setup{version: test.version, more: test.more}, server.address)
			// The two may be told of in either order: a client goes on before the server does.
			one, other := server.next(t).state.DidResume, server.next(t).state.DidResume
			if one == other {
				t.Errorf("a session was resumed by both or neither of two connections: %t", one)
			}
		})
	}
}

func resumeStandard(t *testing.T, s setup, address string) {
	p := standard{}
	config := p.config(s)
	config.ClientSessionCache = stdtls.NewLRUClientSessionCache(8)
	for i := range 2 {
		conn := p.dial(t, address, config)
		converse(t, conn, greeting, answer)
		if conn.ConnectionState().DidResume != (i == 1) {
			t.Errorf("connection %d: crypto/tls says DidResume %v", i+1, i != 1)
		}
		conn.Close()
	}
}

func resumeOpenSSL(t *testing.T, s setup, address string) {
	file := filepath.Join(t.TempDir(), "session")
	first := s
	first.more = append([]string{"-sess_out", file}, s.more...)
	conversation(t, openssl{}.client(t, first, address))
	second := s
	second.more = append([]string{"-sess_in", file}, s.more...)
	p := openssl{}.client(t, second, address)
	p.expect(`Reused, TLSv1`)
	conversation(t, p)
}

func resumeGnuTLS(t *testing.T, s setup, address string) {
	s.more = append([]string{"--resume"}, s.more...)
	if s.version == stdtls.VersionTLS13 {
		s.more = append(s.more, "--waitresumption") // until the ticket has come
	}
	p := gnutls{}.client(t, s, address)
	p.expect(`This is a resumed session`)
	conversation(t, p)
}

func resumeNSS(t *testing.T, s setup, address string) {
	s.more = append([]string{"-L", "2"}, s.more...)
	p := nss{}.client(t, s, address)
	if err := p.finish(); err != nil {
		t.Errorf("tstclnt: %v", err)
	}
}
