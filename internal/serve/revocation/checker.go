package revocation

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/certs"
)

// A Policy says how closely certificates of clients are looked up.
type Policy struct {
	// Lists are files and addresses of CRLs, beside those that certificates name.
	Lists []string
	// CachedOnly has nothing be fetched: what is known already counts.
	CachedOnly bool
	// Freshness is how old a fetched list may be; 0: as old as it says.
	Freshness time.Duration
	// Timeout is how long a client may wait for what is fetched; 0: DefaultTimeout.
	Timeout time.Duration
}

// DefaultTimeout is how long a handshake waits for what is fetched.
const DefaultTimeout = 5 * time.Second

const (
	lookAtFiles   = 2 * time.Second
	failedFor     = 30 * time.Second // that what could not be fetched is not tried again
	mostResponses = 10_000
)

var errNotCached = errors.New("nothing is known of it yet, and nothing is to be fetched")

// Revoked is a certificate that its issuer has revoked.
type Revoked struct {
	Certificate *x509.Certificate
	At          time.Time
	Reason      int // RFC 5280, section 5.3.1
}

func (r *Revoked) Error() string {
	return fmt.Sprintf("%s was revoked on %s (%s)", nameOf(r.Certificate), r.At.UTC().Format(time.DateTime), reasons[r.Reason])
}

// reasons are the words of RFC 5280, section 5.3.1.
var reasons = map[int]string{
	0: "unspecified", 1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded", 5: "cessationOfOperation",
	6: "certificateHold", 8: "removeFromCRL", 9: "privilegeWithdrawn", 10: "aACompromise",
}

// Unknown is a certificate of which it could not be found out whether it was
// revoked.
type Unknown struct {
	Certificate *x509.Certificate
	Err         error
}

func (u *Unknown) Error() string {
	return fmt.Sprintf("whether %s was revoked is not known: %v", nameOf(u.Certificate), u.Err)
}

// Unwrap gives the reason.
func (u *Unknown) Unwrap() error { return u.Err }

// A Checker looks up whether certificates were revoked, and remembers. Lists are
// kept in the data folder. It may be used by several goroutines.
type Checker struct {
	vault *certs.Vault
	now   func() time.Time

	mu        sync.Mutex
	lists     map[string]*held
	responses map[[sha256.Size]byte]*answered
}

// answered is what a responder said, or that it said nothing.
type answered struct {
	response *Response
	err      error
	at       time.Time
}

// NewChecker gives a checker that keeps lists in a vault.
func NewChecker(vault *certs.Vault, now func() time.Time) *Checker {
	return &Checker{vault: vault, now: now, lists: map[string]*held{}, responses: map[[sha256.Size]byte]*answered{}}
}

// Check looks up every certificate of a chain that was verified, but for the root
// at its end. The error is a *Revoked, or an *Unknown if none was.
func (c *Checker) Check(ctx context.Context, chain []*x509.Certificate, p *Policy) error {
	timeout := p.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var unknown error
	for i := range len(chain) - 1 {
		err := c.one(ctx, chain[i], chain[i+1], p)
		if _, ok := errors.AsType[*Revoked](err); ok {
			return err
		}
		if unknown == nil {
			unknown = err
		}
	}
	return unknown
}

// one looks up a certificate: in the lists that are there, with its responder, and in
// the lists that it names. What first knows decides.
func (c *Checker) one(ctx context.Context, cert, issuer *x509.Certificate, p *Policy) error {
	var errs []error
	look := func(name string) (done bool, err error) {
		l, err := c.list(ctx, name, p)
		if err == nil {
			var revoked *Revoked
			if revoked, err = l.look(cert, issuer, c.now()); revoked != nil {
				return true, revoked
			}
		}
		if err != nil {
			errs = append(errs, err)
		}
		return err == nil, nil
	}
	for _, name := range p.Lists {
		if done, err := look(name); done {
			return err
		}
	}
	if len(cert.OCSPServer) > 0 {
		r, err := c.response(ctx, cert, issuer, p)
		switch {
		case err != nil:
			errs = append(errs, err)
		case r.Revoked:
			return &Revoked{cert, r.RevokedAt, r.Reason}
		default:
			return nil
		}
	}
	for _, name := range cert.CRLDistributionPoints {
		if !isPlace(name) { // such as ldap
			continue
		}
		if done, err := look(name); done {
			return err
		}
	}
	if len(errs) == 0 {
		errs = []error{errors.New("the certificate names nobody who could be asked, and no list of its issuer is there")}
	}
	return &Unknown{cert, errors.Join(errs...)}
}

// response gives what the responder of a certificate says, or has said.
func (c *Checker) response(ctx context.Context, cert, issuer *x509.Certificate, p *Policy) (*Response, error) {
	id := sha256.Sum256(append(append([]byte{}, issuer.Raw...), cert.Raw...))
	now := c.now()
	c.mu.Lock()
	a := c.responses[id]
	c.mu.Unlock()
	counts := a != nil && a.response != nil && now.Before(a.response.Until)
	switch {
	case counts && (p.Freshness == 0 || p.CachedOnly || now.Sub(a.at) < p.Freshness):
		return a.response, nil
	case p.CachedOnly:
		return nil, errNotCached
	case a != nil && a.err != nil && now.Sub(a.at) < failedFor:
		return nil, a.err
	}
	r, err := Ask(ctx, cert, issuer, c.now)
	if err != nil && counts {
		return a.response, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for old := range c.responses { // any of them: who comes back is asked about again
		if len(c.responses) < mostResponses {
			break
		}
		delete(c.responses, old)
	}
	c.responses[id] = &answered{r, err, now}
	return r, err
}
