package revocation

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/serve/certs"
)

// A Stapler keeps an OCSP response ready for each certificate that names a
// responder: a handshake waits for none. Responses are kept in the data folder, so
// that a responder that is down, or a restart while it is, is not noticed before
// they end. It may be used by several goroutines.
type Stapler struct {
	vault *certs.Vault
	now   func() time.Time
	wake  chan struct{}

	byPointer sync.Map // *tls.Certificate to *subject
	mu        sync.Mutex
	subjects  map[string]*subject // by SHA-256 of the certificate
	tell      func(News)
}

// News is what a stapler has to say to people.
type News struct {
	Certificate *x509.Certificate
	Fine        bool // what was wrong is right again
	Revoked     bool
	Text        string
}

// A subject is a certificate for which there is to be a response.
type subject struct {
	id           string
	leaf, issuer *x509.Certificate
	stapled      atomic.Pointer[stapled] // nil: nothing is
	cert         *tls.Certificate        // that stapled is made of

	// For the goroutine that fetches, and for State under the stapler's mutex.
	response *Response
	err      error // of the last attempt
	failures int
	next     time.Time
	asking   bool
}

// stapled is a certificate with its response.
type stapled struct {
	cert  *tls.Certificate
	until time.Time
}

const (
	atOnce      = 4               // responders that are asked at a time
	retryFirst  = time.Minute     // after a failure; twice as long after the next
	retryMost   = time.Hour       //
	refreshMost = 24 * time.Hour  // that a response is kept before another is fetched
	refreshMin  = 5 * time.Minute //
	pause       = 50 * time.Millisecond
	lookEvery   = 10 * time.Minute // for what has to be fetched, if nothing is known to be
)

// NewStapler gives a stapler that keeps responses in a vault.
func NewStapler(vault *certs.Vault, now func() time.Time) *Stapler {
	return &Stapler{vault: vault, now: now, wake: make(chan struct{}, 1), subjects: map[string]*subject{}}
}

// Staple gives a certificate with the response that counts now, or as it is: if it
// names no responder, has a response from elsewhere, or none was had yet.
func (s *Stapler) Staple(cert *tls.Certificate) *tls.Certificate {
	if cert.Leaf == nil || len(cert.Leaf.OCSPServer) == 0 || len(cert.OCSPStaple) > 0 {
		return cert
	}
	var of *subject
	if found, ok := s.byPointer.Load(cert); ok {
		of = found.(*subject)
	} else if of = s.meet(cert); of == nil {
		return cert
	}
	if ready := of.stapled.Load(); ready != nil && s.now().Before(ready.until) {
		return ready.cert
	}
	return cert
}

// meet takes in a certificate that a handshake needs.
func (s *Stapler) meet(cert *tls.Certificate) *subject {
	chain := []*x509.Certificate{cert.Leaf}
	if len(cert.Certificate) > 1 {
		if issuer, err := x509.ParseCertificate(cert.Certificate[1]); err == nil {
			chain = append(chain, issuer)
		}
	}
	of := s.Want(chain)
	s.mu.Lock()
	defer s.mu.Unlock()
	if of.cert != nil && of.cert != cert {
		s.byPointer.Delete(of.cert) // it was read again
	}
	of.cert = cert
	s.byPointer.Store(cert, of)
	of.ready()
	return of
}

// Want has a response for a certificate be fetched, given with the certificates
// that are sent after it.
func (s *Stapler) Want(chain []*x509.Certificate) *subject {
	sum := sha256.Sum256(chain[0].Raw)
	id := hex.EncodeToString(sum[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	if of := s.subjects[id]; of != nil {
		return of
	}
	of := &subject{id: id, leaf: chain[0], next: s.now()}
	if len(chain) > 1 {
		of.issuer = chain[1]
	} else {
		of.issuer = knownIssuer(chain[0])
	}
	s.subjects[id] = of
	if of.issuer == nil {
		of.err = errors.New("the certificate of its issuer is not in the chain")
		of.next = time.Time{}
		return of
	}
	if kept, err := s.vault.Get(id); err == nil {
		if r, err := ParseResponse(kept.Data, of.leaf, of.issuer, s.now()); err == nil {
			of.response, of.next = r, s.refresh(r)
		}
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return of
}

// knownIssuer looks for the issuer of a certificate among those that this system
// trusts: a root is not sent.
func knownIssuer(cert *x509.Certificate) *x509.Certificate {
	chains, err := cert.Verify(x509.VerifyOptions{CurrentTime: cert.NotBefore, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil || len(chains[0]) < 2 {
		return nil
	}
	return chains[0][1]
}

// ready makes the certificate with its response.
func (of *subject) ready() {
	if of.cert == nil || of.response == nil || of.response.Revoked {
		of.stapled.Store(nil)
		return
	}
	with := *of.cert
	with.OCSPStaple = of.response.Raw
	of.stapled.Store(&stapled{&with, of.response.Until})
}

// refresh says when another response is to be fetched: in the middle of the time
// for which there is one, a little sooner or later, so that not all are at once.
func (s *Stapler) refresh(r *Response) time.Time {
	half := r.Until.Sub(r.ThisUpdate) / 2
	half = min(max(half-half/10+rand.N(half/5+1), refreshMin), refreshMost)
	at := r.ThisUpdate.Add(half)
	if soonest := s.now().Add(refreshMin); at.Before(soonest) {
		return earlier(soonest, r.Until)
	}
	return at
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Start fetches what is wanted, until the context ends. tell is called with what
// people should know.
func (s *Stapler) Start(ctx context.Context, tell func(News)) {
	s.mu.Lock()
	s.tell = tell
	s.mu.Unlock()
	go func() {
		slots := make(chan struct{}, atOnce)
		for ctx.Err() == nil {
			due, next := s.due()
			for _, of := range due {
				slots <- struct{}{}
				go func() {
					defer func() { <-slots }()
					s.fetch(ctx, of)
				}()
			}
			timer := time.NewTimer(max(next.Sub(s.now()), pause))
			select {
			case <-ctx.Done():
			case <-s.wake:
				time.Sleep(pause) // for what comes together
			case <-timer.C:
			}
			timer.Stop()
		}
	}()
}

// due gives what is to be fetched now, and when something is to be next. What has
// expired is forgotten.
func (s *Stapler) due() (list []*subject, next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	next = now.Add(lookEvery)
	for id, of := range s.subjects {
		switch {
		case now.After(of.leaf.NotAfter):
			delete(s.subjects, id)
			s.byPointer.Delete(of.cert)
			s.vault.Delete(id)
		case of.asking || of.issuer == nil:
		case !of.next.After(now):
			of.asking = true
			list = append(list, of)
		default:
			next = earlier(next, of.next)
		}
	}
	return list, next
}

// fetch asks for a response, and takes it in.
func (s *Stapler) fetch(ctx context.Context, of *subject) {
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	r, err := Ask(ctx, of.leaf, of.issuer, s.now)
	if err == nil && !r.Revoked {
		if bad := s.vault.Put(of.id, r.Raw); bad != nil {
			err = fmt.Errorf("the OCSP response cannot be kept: %w", bad)
		}
	}
	s.mu.Lock()
	news := of.took(r, err, s)
	tell := s.tell
	of.asking = false
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}: // it is to be fetched again some time
	default:
	}
	if news.Text != "" && tell != nil && ctx.Err() == nil {
		tell(news)
	}
}

// took takes in what became of asking, and says what is new about that.
func (of *subject) took(r *Response, err error, s *Stapler) (news News) {
	news.Certificate = of.leaf
	name, was := nameOf(of.leaf), of.err
	if r == nil {
		of.err = err
		of.failures++
		of.next = s.now().Add(min(retryFirst<<min(of.failures-1, 10), retryMost))
		left := of.response != nil && s.now().Before(of.response.Until)
		switch {
		case of.response != nil && of.response.Revoked: // which was said, and does not become untrue
		case left && was == nil:
			news.Text = fmt.Sprintf("no new OCSP response for %s could be had: %v; the one there is counts until %s", name, err, of.response.Until.Format(time.DateTime))
		case !left && (was == nil || of.response != nil):
			of.response = nil // it is said once that it has ended
			news.Text = fmt.Sprintf("there is no OCSP response for %s to staple: %v", name, err)
			if sign.MustStaple(of.leaf) {
				news.Text += "; its certificate asks for one (must-staple): clients may refuse it"
			}
		}
		return news
	}
	again := of.response == nil && was != nil || of.failures > 0
	revoked := of.response != nil && of.response.Revoked
	of.response, of.err, of.failures, of.next = r, err, 0, s.refresh(r)
	of.ready()
	switch {
	case r.Revoked && !revoked:
		s.vault.Delete(of.id)
		news.Revoked, news.Text = true, fmt.Sprintf("the certificate of %s was revoked on %s: clients refuse it; have another one issued", name, r.RevokedAt.Format(time.DateTime))
	case r.Revoked:
	case err != nil:
		news.Text = fmt.Sprintf("%s: %v", name, err)
	case again:
		news.Fine, news.Text = true, fmt.Sprintf("there is an OCSP response for %s again, until %s", name, r.Until.Format(time.DateTime))
	}
	return news
}

func nameOf(c *x509.Certificate) string {
	if len(c.DNSNames) > 0 {
		return c.DNSNames[0]
	}
	return c.Subject.String()
}

// A State is what is known of a certificate's response.
type State struct {
	Status     string    `json:"status"` // good, revoked, or none
	ThisUpdate time.Time `json:"this_update,omitzero"`
	NextUpdate time.Time `json:"next_update,omitzero"`
	Problem    string    `json:"problem,omitempty"` // why none could be had when it was last tried
}

// State gives what is known of the response of a certificate, nil if nothing is.
func (s *Stapler) State(thumbprint string) *State {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.subjects[thumbprint]
	if of == nil {
		return nil
	}
	state := &State{Status: "none"}
	if of.err != nil {
		state.Problem = of.err.Error()
	}
	if r := of.response; r != nil && (r.Revoked || s.now().Before(r.Until)) {
		state.Status, state.ThisUpdate, state.NextUpdate = "good", r.ThisUpdate, r.Until
		if r.Revoked {
			state.Status = "revoked"
		}
	}
	return state
}
