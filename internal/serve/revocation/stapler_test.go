package revocation

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/handsel-tls/handsel/internal/serve/certs"
)

// said collects news.
type said struct {
	mu   sync.Mutex
	list []News
}

func (s *said) add(n News) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, n)
}

func (s *said) has(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.list {
		if strings.Contains(n.Text, text) {
			return true
		}
	}
	return false
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not come about: " + what)
		}
	}
}

func started(t *testing.T, vault *certs.Vault, c *clock) (*Stapler, *said) {
	t.Helper()
	s, news := NewStapler(vault, c.now), &said{}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	s.Start(ctx, news.add)
	return s, news
}

// A response is fetched before anybody needs it, is there through an outage and a
// restart in it, and goes when it ends.
func TestStapler(t *testing.T) {
	a, vault, c := newAuthority(t), newVault(t), &clock{}
	cert := a.issue("www.example.com", nil)
	s, news := started(t, vault, c)
	s.Want([]*x509.Certificate{cert.Leaf, a.cert})
	until(t, "a response", func() bool {
		st := s.State(string(certs.ThumbprintOf(cert.Leaf)))
		return st != nil && st.Status == "good"
	})
	with := s.Staple(cert)
	if with == cert || len(cert.OCSPStaple) != 0 {
		t.Fatal("nothing is stapled")
	}
	if r, err := ocsp.ParseResponseForCert(with.OCSPStaple, cert.Leaf, a.cert); err != nil || r.Status != ocsp.Good {
		t.Error(r, err)
	}
	if s.Staple(cert) != with {
		t.Error("each handshake gets another certificate")
	}
	// The authority is down when the next is due.
	asked := a.count()
	a.set(func() { a.down = true })
	c.turn(45 * time.Minute)
	s.wake <- struct{}{}
	until(t, "an attempt", func() bool { return a.count() > asked && news.has("503") })
	if s.Staple(cert) == cert {
		t.Error("an outage is noticed at once")
	}
	again, _ := started(t, vault, c)
	if again.Staple(cert) == cert {
		t.Error("nothing was kept over a restart")
	}
	c.turn(30 * time.Minute)
	s.wake <- struct{}{}
	until(t, "that it has ended", func() bool { return news.has("no OCSP response for www.example.com to staple") })
	if s.Staple(cert) != cert {
		t.Error("what has ended is stapled")
	}
	a.set(func() {
		a.down = false
		a.template.ThisUpdate, a.template.NextUpdate = c.now(), c.now().Add(time.Hour)
	})
	c.turn(2 * time.Minute)
	s.wake <- struct{}{}
	until(t, "that it is back", func() bool { return news.has("again") && s.Staple(cert) != cert })
	// It was revoked.
	a.set(func() {
		a.template.Status, a.template.RevokedAt = ocsp.Revoked, time.Now()
		a.template.ThisUpdate, a.template.NextUpdate = c.now(), c.now().Add(2*time.Hour)
	})
	c.turn(50 * time.Minute)
	s.wake <- struct{}{}
	until(t, "that it was revoked", func() bool { return news.has("was revoked on") })
	id := string(certs.ThumbprintOf(cert.Leaf))
	if s.Staple(cert) != cert || s.State(id).Status != "revoked" {
		t.Error("it is stapled that it is good")
	}
	// That is not forgotten when the responder is away, and the response has ended.
	a.set(func() { a.down = true })
	c.turn(3 * time.Hour)
	s.wake <- struct{}{}
	until(t, "a failure", func() bool { return s.State(id).Problem != "" })
	if state := s.State(id); state.Status != "revoked" || s.Staple(cert) != cert {
		t.Errorf("%+v", state)
	}
}

// Who may say that a certificate is good: its issuer, and whom that has appointed.
func TestParseResponse(t *testing.T) {
	a := newAuthority(t)
	cert := a.issue("www.example.com", nil).Leaf
	parse := func() (*Response, error) {
		return ParseResponse(a.response(cert.SerialNumber), cert, a.cert, time.Now())
	}
	if r, err := parse(); err != nil || r.Revoked {
		t.Error(r, err)
	}
	a.signKey = newKey(t)
	appointed := &x509.Certificate{Subject: pkix.Name{CommonName: "responder"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}}
	a.signer = a.make(appointed, a.cert, a.signKey)
	if _, err := parse(); err != nil {
		t.Error(err)
	}
	refused := func(want string) {
		t.Helper()
		if _, err := parse(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, and not %s", err, want)
		}
	}
	a.signer = a.make(&x509.Certificate{Subject: pkix.Name{CommonName: "www"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, a.cert, a.signKey)
	refused("whose certificate is not for that")
	other := newAuthority(t)
	a.signer = other.make(appointed, other.cert, a.signKey)
	refused("has not appointed")
	a.signer, a.key = nil, newKey(t)
	refused("is not signed by")
	a.key = other.key
	a.signer, a.signKey, a.cert = other.cert, other.key, other.cert
	if _, err := parse(); err != nil { // its issuer now; it signs, and shows its own certificate
		t.Error(err)
	}
	a.template.ThisUpdate, a.template.NextUpdate = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	refused("which is over")
	a.template.ThisUpdate, a.template.NextUpdate = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
	refused("still to come")
	a.template = ocsp.Response{Status: ocsp.Unknown}
	refused("does not know")
	if _, err := ParseResponse([]byte("x"), cert, a.cert, time.Now()); err == nil {
		t.Error("anything is taken for a response")
	}
}

func FuzzParseResponse(f *testing.F) {
	t := &testing.T{}
	a := &authority{t: t, key: newKey(t)}
	a.cert = a.make(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, a.key)
	cert := a.make(&x509.Certificate{}, a.cert, newKey(t))
	f.Add(a.response(cert.SerialNumber))
	f.Fuzz(func(t *testing.T, der []byte) { ParseResponse(der, cert, a.cert, time.Now()) })
}
