package endpoint_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	ours "github.com/handsel-tls/handsel/tls"
)

const twoSites = `listen:
  https: ["127.0.0.1:$HTTPS"]
  http: ["127.0.0.1:$HTTP_"]
certificates:
  - {name: a, local_ca: [a.localhost]}
  - {name: b, local_ca: [b.localhost]}
sites:
  - {name: a, hosts: [a.localhost], folder: a}
  - {name: b, hosts: [b.localhost], folder: b}
bindings:
  - {on: "a.localhost:$HTTPS", certificates: [a], site: a}
  - {on: "b.localhost:$HTTPS", certificates: [b], site: b}
`

func TestSitesOnOneAddress(t *testing.T) {
	h := newHost(t, endpoint.Options{}, twoSites)
	for _, site := range []string{"a", "b"} {
		for _, change := range []func(*tls.Config){func(*tls.Config) {}, http1, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }} {
			client := h.client(site+".localhost", change)
			if status, body := h.get(client, site+".localhost", "/"); status != 200 || body != "site "+site {
				t.Errorf("%s: %d %q", site, status, body)
			}
		}
		if status, _, body := h.plain(site+".localhost", "/"); status != 200 || body != "site "+site {
			t.Errorf("%s over plain HTTP: %d %q", site, status, body)
		}
	}
	if status, _, body := h.plain("c.localhost", "/"); status != 400 || !strings.Contains(body, `"c.localhost"`) {
		t.Errorf("no site: %d %q", status, body)
	}
	if status, _ := h.get(h.client("a.localhost"), "a.localhost", "/none"); status != 404 {
		t.Error("no file:", status)
	}
	s := h.handshake(0)
	path, ok := s.Path()
	if s.Failure != nil || s.ServerName != "a.localhost" || !ok || path.Result.Rule.String() != "exact name" {
		t.Errorf("%+v %v", s.Record, path)
	}
}

func TestNoMatch(t *testing.T) {
	dial := func(h *host, name string) error {
		c, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", "127.0.0.1:"+h.ports["$HTTPS"],
			&tls.Config{ServerName: name, InsecureSkipVerify: true})
		if err == nil {
			c.Close()
		}
		return err
	}
	h := newHost(t, endpoint.Options{}, twoSites)
	for i, name := range []string{"c.localhost", ""} {
		if err := dial(h, name); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%q: %v, want a reset", name, err)
		}
		if f := h.handshake(i).Failure; f == nil || f.Fault != "NoBinding" || f.Alert != "" {
			t.Errorf("%q: %+v", name, f)
		}
	}
	h = newHost(t, endpoint.Options{}, "no_match: unrecognized_name\n"+twoSites)
	if err := dial(h, "c.localhost"); err == nil || !strings.Contains(err.Error(), "unrecognized name") {
		t.Error(err)
	}
	h = newHost(t, endpoint.Options{}, "no_match: default\ndefault: \"b.localhost:$HTTPS\"\n"+twoSites)
	if err := dial(h, "c.localhost"); err != nil {
		t.Error(err)
	}
}

func TestReject(t *testing.T) {
	h := newHost(t, endpoint.Options{}, twoSites+"  - {on: \"c.localhost:$HTTPS\", reject: true}\n")
	if _, text := h.get(h.client("c.localhost"), "c.localhost", "/"); !strings.Contains(text, "reset") {
		t.Error(text)
	}
	if f := h.handshake(0).Failure; f == nil || f.Fault != "Rejected" {
		t.Errorf("%+v", f)
	}
}

// Several certificates for one name: RSA for those who can verify nothing else.
func TestCertificateByWhatTheClientKnows(t *testing.T) {
	h := newHost(t, endpoint.Options{}, twoSites)
	h.write("rsa.pem", rsaPair(t, "a.localhost"))
	text := strings.Replace(twoSites, "certificates:\n", "certificates:\n  - {name: rsa, files: [rsa.pem]}\n", 1)
	if err := h.apply(strings.Replace(text, "certificates: [a]", "certificates: [a, rsa]", 1)); err != nil {
		t.Fatal(err)
	}
	key := func(suite uint16) string {
		c, err := tls.Dial("tcp", "127.0.0.1:"+h.ports["$HTTPS"], &tls.Config{
			ServerName: "a.localhost", InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].PublicKeyAlgorithm.String()
	}
	if got := key(tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256); got != "ECDSA" {
		t.Error(got)
	}
	if got := key(tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256); got != "RSA" {
		t.Error(got)
	}
	told := slices.ContainsFunc(h.handshake(1).Choices(), func(c ours.Choice) bool {
		return c.Topic == "certificate" && c.Chosen == "RSA for a.localhost" && len(c.Refused) == 1 && c.Refused[0].Value == "ECDSA for a.localhost"
	})
	if !told {
		t.Errorf("the record does not say why: %+v", h.handshake(1).Choices())
	}
}

func TestHandshakeTimeLimit(t *testing.T) {
	h := newHost(t, endpoint.Options{HandshakeTimeout: 200 * time.Millisecond}, twoSites)
	for i, sent := range []string{"", "\x16", "\x16\x03\x01\x01\x00\x01"} {
		c, err := net.Dial("tcp", "127.0.0.1:"+h.ports["$HTTPS"])
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, sent)
		c.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := io.ReadAll(c); errors.Is(err, net.ErrClosed) || isTimeout(err) {
			t.Errorf("%q: the server did not end it: %v", sent, err)
		}
		if f := h.handshake(i).Failure; f == nil || f.Fault != "HandshakeTime" {
			t.Errorf("%q: %+v", sent, f)
		}
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func TestWhoWaitsLongestGoes(t *testing.T) {
	h := newHost(t, endpoint.Options{MostWaiting: 1}, twoSites)
	for range 2 {
		c, err := net.Dial("tcp", "127.0.0.1:"+h.ports["$HTTPS"])
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	if f := h.handshake(0).Failure; f == nil || !strings.Contains(f.Detail, "too many were waiting") {
		t.Errorf("%+v", f)
	}
}
