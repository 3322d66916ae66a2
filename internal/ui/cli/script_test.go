//go:build unix

package cli

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/handsel-tls/handsel/internal/tlstest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"handsel": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// The scripts have these commands besides those of testscript:
//
//	code N command...        runs a command that has to end with exit code N
//	ports NAME...            gives each variable a free port
//	listening PORT...        waits until somebody listens on 127.0.0.1
//	fetch URL CAFILE TEXT    gets a URL from 127.0.0.1 until the answer, which
//	                         begins with the status, contains the text
//	signal NAME              sends HUP or TERM to what runs in the background
//	said FILE TEXT           waits until a file contains a text
//	mode PATH MODE           compares the mode of a file
//	shows NAME:PORT CAFILE TEXT
//	                         connects to 127.0.0.1 and compares version and the
//	                         certificate's first name; with ! nobody is to answer
//	rsacert FILE NAME        writes a certificate with an RSA key, as SSL 2.0 needs
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": code, "ports": ports, "listening": listening, "fetch": fetch, "signal": sendSignal, "said": said, "mode": mode, "rsacert": rsaCert, "shows": shows, "logged": logged,
		},
		Condition:          peer,
		RequireUniqueNames: true,
	})
}

func rsaCert(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	ts.Check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{args[1]}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	ts.Check(err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	b := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}

func need(ts *testscript.TestScript, neg bool, args []string, n int) {
	if neg || len(args) < n {
		ts.Fatalf("it needs %d arguments, and no !", n)
	}
}

func code(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2)
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("the exit code is %d, not %s", got, args[0])
	}
}

// peer is the condition peer:PROGRAM. With HANDSEL_PEERS=required a program
// that is missing is a failure.
func peer(cond string) (bool, error) {
	name, ok := strings.CutPrefix(cond, "peer:")
	if !ok {
		return false, fmt.Errorf("unknown condition %q", cond)
	}
	_, err := exec.LookPath(name)
	if err != nil && os.Getenv("HANDSEL_PEERS") == "required" {
		return false, fmt.Errorf("%w, and HANDSEL_PEERS=required", err)
	}
	return err == nil, nil
}

func ports(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1)
	for _, name := range args {
		port, err := tlstest.Port()
		ts.Check(err)
		ts.Setenv(name, port)
	}
}

func listening(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1)
	for _, port := range args {
		until(ts, func() error {
			c, err := net.DialTimeout("tcp", "127.0.0.1:"+port, time.Second)
			if err == nil {
				c.Close()
			}
			return err
		})
	}
}

// until tries for ten seconds.
func until(ts *testscript.TestScript, try func() error) {
	var err error
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(50 * time.Millisecond) {
		if err = try(); err == nil {
			return
		}
	}
	ts.Fatalf("it did not come about: %v", err)
}

func fetch(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 3)
	u, err := url.Parse(args[0])
	ts.Check(err)
	roots := x509.NewCertPool()
	if args[1] != "-" {
		roots.AppendCertsFromPEM([]byte(ts.ReadFile(args[1])))
	}
	until(ts, func() error {
		got, err := get(u, roots)
		if err == nil && !strings.Contains(got, args[2]) {
			err = fmt.Errorf("it is %q", got)
		}
		return err
	})
}

// get gives status and body.
func get(u *url.URL, roots *x509.CertPool) (string, error) {
	tr := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", u.Port()))
		},
	}
	client := &http.Client{Transport: tr, Timeout: 5 * time.Second}
	res, err := client.Get(u.String())
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.Status + " " + string(body), err
}

func shows(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, false, args, 3)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(ts.ReadFile(args[1])))
	name, port, err := net.SplitHostPort(args[0])
	ts.Check(err)
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", net.JoinHostPort("127.0.0.1", port), &tls.Config{ServerName: name, RootCAs: roots})
	if err != nil {
		if !neg {
			ts.Fatalf("%s: %v", args[0], err)
		}
		return
	}
	defer c.Close()
	if neg {
		ts.Fatalf("%s answers", args[0])
	}
	state := c.ConnectionState()
	if got := tls.VersionName(state.Version) + " " + state.PeerCertificates[0].DNSNames[0]; got != args[2] {
		ts.Fatalf("%s: it is %q", args[0], got)
	}
}

// logged waits until the log of a data folder, as handsel log shows it, has a word in
// so many lines: what a server has seen is written by and by.
func logged(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 3)
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		ts.Check(ts.Exec("handsel", "log", "--data", args[0]))
		if n := strings.Count(ts.ReadFile("stdout"), args[1]); strconv.Itoa(n) == args[2] {
			return
		} else if time.Now().After(until) {
			ts.Fatalf("%s is there %d times", args[1], n)
		}
	}
}

func sendSignal(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1)
	sig, ok := map[string]os.Signal{"HUP": syscall.SIGHUP, "TERM": syscall.SIGTERM, "INT": os.Interrupt}[args[0]]
	if !ok {
		ts.Fatalf("signal %s", args[0])
	}
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(sig))
	}
}

func said(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2)
	until(ts, func() error {
		if text := ts.ReadFile(args[0]); !strings.Contains(text, args[1]) {
			return fmt.Errorf("it is %q", text)
		}
		return nil
	})
}

func mode(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2)
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("the mode of %s is %s", args[0], got)
	}
}
