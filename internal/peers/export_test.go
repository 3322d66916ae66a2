package peers

import (
	"bytes"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const exportLabel = "EXPERIMENTAL handsel"

// exporters are how programs are asked for keying material and how they give it.
var exporters = []struct {
	peer    peer
	more    []string
	pattern string // of the material
}{
	{openssl{}, []string{"-keymatexport", exportLabel, "-keymatexportlen", "40"}, `Keying material: ([0-9A-F]{80})`},
	{gnutls{}, []string{"--keymatexport", exportLabel, "--keymatexportsize", "40"}, `Key material: ([0-9a-f]{80})`},
	{nss{}, []string{"-x", exportLabel + ":40"}, `Keying Material:\n((?:\s*(?:[0-9a-f]{2}:?){1,16}\n){3})`},
}

// A program is a peer whose processes the test wants to see.
type program interface {
	peer
	server(t *testing.T, s setup) (*process, string)
	client(t *testing.T, s setup, address string) *process
}

// TestExportServer compares keying material with servers of others (RFC 9846,
// section 7.5; RFC 5705).
func TestExportServer(t *testing.T) {
	for _, test := range exporters {
		for _, version := range bothVersions {
			t.Run(test.peer.name()+"/"+versionName(version), func(t *testing.T) {
				t.Parallel()
				p, address := test.peer.(program).server(t, setup{
					version: version, id: identities()["P-256"], more: test.more,
				})
				conn := dial(t, address, clientConfig(version))
				ours, err := exportKeys(conn, exportLabel, nil, 40)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil { // selfserv waits for that
					t.Fatal(err)
				}
				checkExport(t, ours, p.expect(test.pattern)[1])
			})
		}
	}
}

// TestExportClient compares keying material with clients of others.
func TestExportClient(t *testing.T) {
	for _, test := range exporters {
		for _, version := range bothVersions {
			t.Run(test.peer.name()+"/"+versionName(version), func(t *testing.T) {
				t.Parallel()
				keys := make(chan []byte, 1)
				server := serve(t, serverConfig(version, identities()["P-256"]), func(conn *Conn) error {
					ours, err := exportKeys(conn, exportLabel, nil, 40)
					keys <- ours
					if err != nil {
						return err
					}
					return answerLines(conn)
				})
				p := test.peer.(program).client(t, setup{version: version, more: test.more}, server.address)
				theirs := p.expect(test.pattern)[1]
				checkExport(t, <-keys, theirs)
			})
		}
	}
}

func checkExport(t *testing.T, ours []byte, theirs string) {
	t.Helper()
	theirs = strings.ToLower(strings.Join(strings.FieldsFunc(theirs, func(r rune) bool {
		return r == ':' || r == ' ' || r == '\n'
	}), ""))
	if got := hex.EncodeToString(ours); got != theirs {
		t.Errorf("ours is   %s\ntheirs is %s", got, theirs)
	}
}

// keyLog is a KeyLogWriter for several connections.
type keyLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (k *keyLog) Write(b []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.b.Write(b)
}

func (k *keyLog) lines() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return strings.Split(strings.TrimSpace(strings.ToLower(k.b.String())), "\n")
}

// keyLoggers are how programs are asked for a key log. Distributions build NSS
// without it.
var keyLoggers = []struct {
	peer   program
	asking func(s *setup, file string)
}{
	{openssl{}, func(s *setup, file string) { s.more = append(s.more, "-keylogfile", file) }},
	{gnutls{}, func(s *setup, file string) { s.environment = []string{"SSLKEYLOGFILE=" + file} }},
}

// TestKeyLogServer compares our key log with those of servers of others.
func TestKeyLogServer(t *testing.T) {
	for _, test := range keyLoggers {
		for _, version := range bothVersions {
			t.Run(test.peer.name()+"/"+versionName(version), func(t *testing.T) {
				t.Parallel()
				file := filepath.Join(t.TempDir(), "keys")
				s := setup{version: version, id: identities()["P-256"]}
				test.asking(&s, file)
				address, say, hear := test.peer.serve(t, s)
				config := clientConfig(version)
				log := new(keyLog)
				config.KeyLogWriter = log
				conn := dial(t, address, config)
				converse(t, conn, say, hear)
				checkKeyLog(t, version, log, file)
			})
		}
	}
}

// TestKeyLogClient compares our key log with those of clients of others.
func TestKeyLogClient(t *testing.T) {
	for _, test := range keyLoggers {
		for _, version := range bothVersions {
			t.Run(test.peer.name()+"/"+versionName(version), func(t *testing.T) {
				t.Parallel()
				file := filepath.Join(t.TempDir(), "keys")
				s := setup{version: version}
				test.asking(&s, file)
				config := serverConfig(version, identities()["P-256"])
				log := new(keyLog)
				config.KeyLogWriter = log
				test.peer.connect(t, s, serve(t, config, nil).address)
				checkKeyLog(t, version, log, file)
			})
		}
	}
}

func checkKeyLog(t *testing.T, version uint16, log *keyLog, file string) {
	t.Helper()
	labels := []string{"client_random"}
	if version == bothVersions[1] {
		labels = []string{
			"client_handshake_traffic_secret", "server_handshake_traffic_secret",
			"client_traffic_secret_0", "server_traffic_secret_0",
		}
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	theirs := strings.ToLower(string(content))
	ours := log.lines()
	for _, label := range labels {
		found := false
		for _, line := range ours {
			if !strings.HasPrefix(line, label+" ") {
				continue
			}
			found = true
			if !strings.Contains(theirs, line) {
				t.Errorf("our line\n%s\nis not in the peer's log:\n%s", line, theirs)
			}
		}
		if !found {
			t.Errorf("no line begins with %s in ours", label)
		}
	}
}
