//go:build !peers_std

package peers

import (
	"slices"
	"sync"
	"testing"

	"github.com/handsel-tls/handsel/tls"
)

// sentOrReceived reports whether a message went in the direction.
func sentOrReceived(r *tls.Record, kind, message string) bool {
	return slices.ContainsFunc(r.Steps(), func(s tls.Step) bool { return s.Kind == kind && s.Name == message })
}

// TestCompressedCertificate has a browser decompress our certificate (RFC 8879).
// GnuTLS could as well, if it is built with a library for it.
func TestCompressedCertificate(t *testing.T) {
	config := webConfig(tls.VersionTLS13)
	// The root says again what is in the certificate, which compresses well.
	config.Certificates[0].Certificate = append(slices.Clone(config.Certificates[0].Certificate), root().cert.Raw)
	var mu sync.Mutex
	compressed := 0
	config.OnHandshake = func(r *tls.Record) {
		if sentOrReceived(r, "sent", "compressed_certificate") {
			mu.Lock()
			defer mu.Unlock()
			compressed++
		}
	}
	port := site(t, config)
	ours := clientConfig(tls.VersionTLS13)
	ours.AcceptCompressedCertificates = true
	ours.NextProtos = []string{"http/1.1"}
	dial(t, "127.0.0.1:"+port, ours).Close() // a certificate is compressed from its second use
	wantPage(t, browse(t, "https://localhost:"+port+"/"), "TLS1.3")
	mu.Lock()
	defer mu.Unlock()
	if compressed == 0 {
		t.Error("Chromium got no compressed certificate")
	}
}
