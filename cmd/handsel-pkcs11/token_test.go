//go:build cgo

package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/tlstest"
	"github.com/handsel-tls/handsel/tls"
)

// TestMain has this test be the program itself, if it is started with its flags.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "--module" {
		main()
		return
	}
	os.Exit(m.Run())
}

// module is the library of SoftHSM.
const module = "/usr/lib/softhsm/libsofthsm2.so"

const pin = "24680"

// newToken makes a token with a key of a label and an id.
func newToken(t *testing.T, key crypto.Signer) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	if err := os.Mkdir(filepath.Join(dir, "tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", write("conf", "directories.tokendir = "+filepath.Join(dir, "tokens")+"\nlog.level = ERROR\n"))
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	run(t, "softhsm2-util", "--init-token", "--free", "--label", "web", "--so-pin", "1357", "--pin", pin)
	run(t, "softhsm2-util", "--import", file, "--token", "web", "--label", "www", "--id", "a1b2", "--pin", pin)
	if err := os.Remove(file); err != nil { // nobody has it now but the token
		t.Fatal(err)
	}
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.WaitDelay = 10 * time.Second
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func pinFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pin")
	if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// needs skips a test for which a program is missing, or fails it.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("HANDSEL_PEERS") == "required" {
				t.Fatalf("%v, and HANDSEL_PEERS=required", err)
			}
			t.Skip(err)
		}
	}
}

// Handshakes of OpenSSL and curl are signed by a token, in TLS 1.2 and 1.3.
func TestHandshakes(t *testing.T) {
	needs(t, "softhsm2-util", "openssl", "curl")
	root := tlstest.Root()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Cert.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	modulus, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"ECDSA": curve, "RSA": modulus} {
		t.Run(name, func(t *testing.T) {
			newToken(t, key)
			chain := root.Leaf(key, []string{"localhost"}, func(c *x509.Certificate) {
				c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
			})
			text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: chain[0]})
			pair, _, err := certs.Read(certs.Options{Signer: []string{
				os.Args[0], "--module", module, "--token", "web", "--pin-file", pinFile(t, pin), "--label", "www", "--id", "a1b2",
			}}, certs.Source{Name: "www.pem", Data: text})
			if err == nil {
				err = pair.CheckSigner()
			}
			if err != nil {
				t.Fatal(err)
			}
			port := listen(t, pair)
			for _, version := range []string{"-tls1_2", "-tls1_3"} {
				out := run(t, "openssl", "s_client", "-connect", "127.0.0.1:"+port, "-servername", "localhost", "-CAfile", ca, "-verify_return_error", "-ign_eof", version) // it reads to the end, though its input has none
				if !strings.Contains(out, "Verify return code: 0") || !strings.Contains(out, "hello") {
					t.Errorf("%s: %s", version, out)
				}
			}
			if out := run(t, "curl", "-sS", "--http0.9", "--cacert", ca, "https://localhost:"+port+"/", "--connect-to", "::127.0.0.1:"); !strings.Contains(out, "hello") {
				t.Error(out)
			}
		})
	}
}

// listen greets those who connect.
func listen(t *testing.T, pair *certs.Pair) (port string) {
	t.Helper()
	cert := pair.Certificate()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{*cert}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprintln(c, "hello")
			c.Close()
		}
	}()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

// What goes wrong is named.
func TestErrors(t *testing.T) {
	needs(t, "softhsm2-util")
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	newToken(t, key)
	right := place{module: module, token: "web", pin: pin, label: "www"}
	for want, change := range map[string]func(*place){
		`there is no token "mail"; there are ["web"]`: func(p *place) { p.token = "mail" },
		"the PIN is not taken":                        func(p *place) { p.pin = "1" },
		"has no private key of that label or id":      func(p *place) { p.id = []byte{1} },
		"/nowhere cannot be loaded":                   func(p *place) { p.module = "/nowhere" },
	} {
		at := right
		change(&at)
		// Each in a process of its own, as the server has it.
		c := exec.Command(os.Args[0], "--module", at.module, "--token", at.token, "--pin-file", pinFile(t, at.pin), "--label", at.label, "--id", fmt.Sprintf("%x", at.id))
		out, err := c.CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%v: %s, and not %s", err, out, want)
		}
	}
	for _, args := range [][]string{nil, {"--module", module}, {"--module", module, "--token", "web", "--pin-file", "/nowhere", "--label", "www"}} {
		if _, err := arguments(args); err == nil {
			t.Error(args)
		}
	}
}
