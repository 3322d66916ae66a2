//go:build unix

package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/admin"
)

// The program as a process: full handshakes go on while bindings are added,
// changed and removed over the socket and SIGHUP has the configuration read again.
// None fails, and none gets a certificate that its name may not have.
func TestServeUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program")
	}
	const changes = 120
	dir := t.TempDir()
	program, data, file := filepath.Join(dir, "handsel"), filepath.Join(dir, "data"), filepath.Join(dir, "handsel.yaml")
	if out, err := exec.Command("go", "build", "-o", program, "../../../cmd/handsel").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr, port := l.Addr().String(), l.Addr().(*net.TCPAddr).Port
	l.Close()
	configuration := fmt.Appendf(nil, `listen: {https: ["127.0.0.1:%d"]}
certificates: [{name: filed, local_ca: [filed.localhost]}, {name: rest, local_ca: [rest.localhost, comes.localhost]}]
bindings: [{on: "filed.localhost:%[1]d", certificates: [filed]}, {on: "0.0.0.0:%[1]d", certificates: [rest]}]
`, port)
	if err := os.WriteFile(file, configuration, 0o600); err != nil {
		t.Fatal(err)
	}
	server := exec.Command(program, "serve", "--config", file, "--data", data, "--web-listen", noPage)
	said := &spoken{}
	server.Stderr = said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	client := dialServer(t, data)
	pem, err := os.ReadFile(filepath.Join(data, "local-ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)

	ctx, stop := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	var handshakes atomic.Int64
	for name, may := range map[string][]string{"filed.localhost": {"filed.localhost"}, "comes.localhost": {"comes.localhost", "rest.localhost"}} {
		wait.Go(func() {
			for ctx.Err() == nil {
				c, err := tls.Dial("tcp", addr, &tls.Config{ServerName: name, RootCAs: roots})
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				if shown := c.ConnectionState().PeerCertificates[0].DNSNames[0]; !slices.Contains(may, shown) {
					t.Errorf("%s is shown %s", name, shown)
				}
				c.Close()
				handshakes.Add(1)
			}
		})
	}
	key := fmt.Sprintf("/v1/bindings/comes.localhost:%d", port)
	for i := range changes {
		switch i % 3 {
		case 0:
			err = client.Do("POST", "/v1/bindings", map[string]any{"on": fmt.Sprintf("comes.localhost:%d", port), "certificates": []string{"local-ca"}}, nil)
		case 1:
			err = client.Do("PATCH", key, map[string]any{"max_version": "1.2"}, nil)
		case 2:
			err = client.Do("DELETE", key, nil, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		if i%10 == 9 {
			server.Process.Signal(syscall.SIGHUP)
		}
	}
	stop()
	wait.Wait()
	if n := handshakes.Load(); n < changes/2 {
		t.Errorf("%d handshakes during %d changes", n, changes)
	}
	if n := strings.Count(said.String(), "The configuration was taken over"); n < 2 { // signals that come at once are one
		t.Errorf("it was reloaded %d times: %s", n, said)
	}
}

// dialServer waits for the socket of a server.
func dialServer(t *testing.T, data string) *admin.Client {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(data, admin.SocketFile)); err == nil {
			client, err := admin.Dial(data)
			if err == nil && client.Running {
				t.Cleanup(func() { client.Close() })
				return client
			}
			if err == nil {
				client.Close()
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the server does not start")
		}
	}
}

// spoken is what a process has said.
type spoken struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *spoken) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *spoken) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
