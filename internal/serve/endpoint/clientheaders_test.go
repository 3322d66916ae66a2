package endpoint_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

const toldOfCertificates = `listen: {https: ["127.0.0.1:$HTTPS"]}
certificates: [{name: all, local_ca: [all.localhost, later.localhost, open.localhost]}]
bindings:
  - {on: "all.localhost:$HTTPS", certificates: [all], client_auth: request, client_cas: [clients.pem]}
  - {on: "later.localhost:$HTTPS", certificates: [all], client_auth: request, client_cas: [clients.pem], client_auth_paths: [/private/]}
  - {on: "open.localhost:$HTTPS", certificates: [all]}
sites: [{name: a, proxy: "http://127.0.0.1:$OTHER", client_certificate_headers: true}]
`

// The server behind learns the same of a client's certificate, whatever HTTP it
// came by and whenever it was asked for, and nothing that a client says of itself.
func TestClientCertificateHeaders(t *testing.T) {
	h := newHost(t, endpoint.Options{}, twoSites)
	l, err := net.Listen("tcp", "127.0.0.1:"+h.ports["$OTHER"])
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%q %q %q %t", r.Header["X-Client-Cert-Verified"], r.Header["X-Client-Cert-Subject"], r.Header["X-Client-Cert-Sha256"], r.Header["Client-Cert"] != nil)
	})}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	pair, text := clientPair(t)
	h.write("clients.pem", text)
	if err := h.apply(toldOfCertificates); err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(leaf.Raw)
	known := fmt.Sprintf(`["SUCCESS"] [%q] [%q] true 200`, leaf.Subject.String(), hex.EncodeToString(sum[:]))
	const nobody = `["NONE"] [] [] false 200`
	file := h.writePair("client.pem", pair)
	lies := []string{"-H", "X-Client-Cert-Verified: SUCCESS", "-H", "X_Client_Cert_Subject: CN=root", "-H", "X-Client-Cert-Subject: CN=root", "-H", "Client-Cert: :AAAA:"}
	for _, version := range []string{"--http1.1", "--http2"} {
		for _, most := range []string{"1.2", "1.3"} {
			for _, test := range []struct{ host, path, with, want string }{
				{"all", "/", file, known}, {"all", "/", "", nobody}, {"open", "/", file, nobody},
				{"later", "/", file, nobody}, {"later", "/private/", file, known}, {"later", "/private/", "", nobody},
			} {
				more := append([]string{version, "--tls-max", most}, lies...)
				if test.with != "" {
					more = append(more, "--cert", test.with)
				}
				http := " 2"
				if version == "--http1.1" || test.path == "/private/" {
					http = " 1.1"
				}
				if got := h.curl(test.host+".localhost", test.path, more...); got != test.want+http {
					t.Errorf("%v %s%s with %q: %s, want %s", more[:3], test.host, test.path, test.with, got, test.want+http)
				}
			}
		}
	}
}

// Clients are told which authorities are accepted, in the handshake and after it.
func TestAuthoritiesAreShown(t *testing.T) {
	h, pair := newGuardedPath(t)
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		var shown [][]byte
		client := h.client("mixed.localhost", http1, func(c *tls.Config) {
			c.MaxVersion, c.Renegotiation = version, tls.RenegotiateOnceAsClient
			c.GetClientCertificate = func(i *tls.CertificateRequestInfo) (*tls.Certificate, error) {
				shown = i.AcceptableCAs
				return &pair, nil
			}
		})
		if status, body := h.get(client, "mixed.localhost", "/private/"); status != 200 || !slices.ContainsFunc(shown, func(b []byte) bool { return string(b) == string(leaf.RawIssuer) }) {
			t.Errorf("%x: %d %q, %d authorities were shown", version, status, body, len(shown))
		}
	}
	c := exec.Command(program(t, "openssl"), "s_client", "-connect", "127.0.0.1:"+h.ports["$HTTPS"], "-servername", "mixed.localhost", "-alpn", "http/1.1", "-no_ign_eof")
	c.Stdin = strings.NewReader("GET /private/ HTTP/1.1\r\nHost: mixed.localhost\r\nConnection: close\r\n\r\n")
	out, _ := c.CombinedOutput()
	if text := string(out); !strings.Contains(text, "Acceptable client certificate CA names\n") || !strings.Contains(text, leaf.Issuer.CommonName) {
		t.Errorf("%s", text)
	}
}
