package sites

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// toldOf gives the headers that a server behind gets of a certificate.
func toldOf(t *testing.T, to ProxyTo, state *tls.ConnectionState, header ...string) http.Header {
	t.Helper()
	var got http.Header
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		buf := make([]byte, 10)
		for n, err := r.Body.Read(buf); n > 0 || err == nil; n, err = r.Body.Read(buf) { // for the trailer
		}
		got = r.Header.Clone()
		maps.Copy(got, r.Trailer)
	}))
	defer back.Close()
	to.URLs = []string{back.URL}
	p, err := NewProxy(to)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.TLS = state
		p.ServeHTTP(w, r)
	}))
	defer s.Close()
	if status, _, body := raw(t, s, "POST", "/", header...); status != 200 {
		t.Fatal(status, body)
	}
	return got
}

func about(h http.Header) (names []string) {
	for name := range h {
		if n := strings.ToLower(strings.ReplaceAll(name, "_", "-")); strings.HasPrefix(n, "client-cert") || strings.HasPrefix(n, "x-client-cert") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Nobody but the connection says what a client's certificate is.
func TestCertificateIsNotSpoofed(t *testing.T) {
	lies := []string{"Client-Cert: :AAAA:", "client-cert-chain: :AAAA:", "X-CLIENT-CERT-SUBJECT: CN=root", "X-Client-Cert-Issuer: x", "X-Client-Cert-Serial: 1",
		"X-Client-Cert-SHA256: 00", "X-Client-Cert-Verified: SUCCESS", "X-Client-Cert-New: x", "X_Client_Cert_Subject: CN=root", "X-Client_Cert-Verified: SUCCESS",
		"Client_Cert: :AAAA:", "x-client-cert-verified: SUCCESS", "Connection: X-Client-Cert-Verified, Client-Cert",
		"Trailer: X-Client-Cert-Subject, Client-Cert", "Transfer-Encoding: chunked", "\r\n1\r\nx\r\n0\r\nX-Client-Cert-Subject: CN=root\r\nClient-Cert: :AAAA:\r\n"}
	if got := about(toldOf(t, ProxyTo{}, nil, lies...)); len(got) != 0 {
		t.Errorf("without the setting: %v", got)
	}
	for _, state := range []*tls.ConnectionState{nil, {}, {PeerCertificates: []*x509.Certificate{{}}}} {
		got := toldOf(t, ProxyTo{ClientCertificate: true}, state, lies...)
		if names := about(got); fmt.Sprint(names) != "[X-Client-Cert-Verified]" || got.Get("X-Client-Cert-Verified") != "NONE" || len(got["X-Client-Cert-Verified"]) != 1 {
			t.Errorf("nobody: %v %v", names, got)
		}
	}
	state := shown(t, pkix.Name{CommonName: "real"})
	got := toldOf(t, ProxyTo{ClientCertificate: true}, state, lies...)
	if fmt.Sprint(about(got)) != "[Client-Cert Client-Cert-Chain X-Client-Cert-Issuer X-Client-Cert-Serial X-Client-Cert-Sha256 X-Client-Cert-Subject X-Client-Cert-Verified]" {
		t.Error(about(got))
	}
	for name, want := range map[string]string{"X-Client-Cert-Subject": "CN=real", "X-Client-Cert-Issuer": "CN=real", "X-Client-Cert-Serial": "2a", "X-Client-Cert-Verified": "SUCCESS"} {
		if len(got[name]) != 1 || got.Get(name) != want {
			t.Errorf("%s: %q", name, got[name])
		}
	}
	der, err := base64.StdEncoding.DecodeString(strings.Trim(got.Get("Client-Cert"), ":"))
	if err != nil || string(der) != string(state.PeerCertificates[0].Raw) {
		t.Error("Client-Cert is another certificate", err)
	}
	if got := about(toldOf(t, ProxyTo{}, state)); len(got) != 0 {
		t.Errorf("without the setting: %v", got)
	}
}

// A name cannot begin a header of its own.
func TestNameInHeader(t *testing.T) {
	got := toldOf(t, ProxyTo{ClientCertificate: true}, shown(t, pkix.Name{CommonName: "a\r\nX-Admin: yes", Organization: []string{"Bücher, GmbH"}}))
	if got.Get("X-Admin") != "" || got.Get("X-Client-Cert-Subject") != `CN=a\0d\0aX-Admin: yes,O=B\c3\bccher\, GmbH` {
		t.Errorf("%q", got)
	}
}

// shown is the state of a connection whose client has shown a certificate.
func shown(t *testing.T, name pkix.Name) *tls.ConnectionState {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(42), Subject: name, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{c, c}, VerifiedChains: [][]*x509.Certificate{{c, c}}}
}
