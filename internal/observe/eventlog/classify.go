package eventlog

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
)

// What makes a scanner, and what makes a health check. A person's program fails
// in one way again and again; who tries what there is fails in many. What a client
// says of the certificate is no attempt: when it is wrong, everybody behind an
// address fails, with many programs.
const (
	scanWindow   = time.Minute
	scanFailures = 20 // in the window, at least
	scanOffers   = 10 // different ClientHellos among them, at least
	scanNames    = 10 // or different names, at least
	burstWindow  = 3 * time.Second
	burst        = 8 // failures in that time are enough,
	burstOffers  = 6 // if so many of them have another ClientHello
	beats        = 4 // connections at even intervals that make a health check
	beatLeast    = time.Second
	mostPeers    = 1 << 13
	forgetPeer   = 10 * time.Minute
)

// A peer is what is remembered of an address.
type peer struct {
	since    time.Time // when the window began
	last     time.Time
	failures int
	offers   map[uint64]bool // hashes of what was offered, of the window
	names    map[string]bool
	latest   [burst]attempt
	scans    time.Time // it is a scanner until then
	why      string
	beats    bool                 // it is a health check
	at       [beats + 1]time.Time // of connections that came to nothing without a word, the latest last
}

// An attempt is a failure of what a peer offered.
type attempt struct {
	at    time.Time
	offer uint64
}

// classifier tells people from those who watch and those who try.
type classifier struct {
	peers map[string]*peer
	seed  maphash.Seed
}

func newClassifier() *classifier {
	return &classifier{map[string]*peer{}, maphash.MakeSeed()}
}

// A verdict is the class of a failure.
type verdict struct {
	class Class
	why   string
	// What the same peer did since then was thought to be of another class, and
	// was not. Zero: it was right.
	since time.Time
	was   Class
}

// A Sighting is what a class is told by.
type Sighting struct {
	ID     ID
	Time   time.Time
	Peer   string
	Name   string // that the client asked for
	Offer  []byte // what tells one ClientHello from another
	Fault  string
	Detail string
}

// classify gives the class of a failure. It is that of what was done, not of the
// address: behind one address there may be many.
func (c *classifier) classify(s *Sighting) verdict {
	switch s.Fault {
	case fault.HTTPRequest.Name():
		return verdict{class: HTTP, why: "it sent an HTTP request"}
	case fault.HTTPSProxyRequest.Name():
		return verdict{class: HTTP, why: "it takes this server for a proxy"}
	}
	p := c.peer(s)
	if s.Name == "" && silent(s.Fault) && p.beat(s.Time) {
		v := verdict{class: Health, why: "it comes at even intervals and goes without a word"}
		if !p.beats {
			p.beats, v.since, v.was = true, p.at[0], Probe
		}
		return v
	}
	if s.ID == AlertSent || s.ID == ClosedHere {
		if p.scan(s, c.seed) {
			return verdict{Scanner, p.why, p.since, Client}
		}
		if s.Time.Before(p.scans) {
			return verdict{class: Scanner, why: p.why}
		}
	}
	switch {
	case s.Fault == fault.NoBytes.Name():
		return verdict{class: Probe, why: "it sent nothing"}
	case s.Fault == fault.NotTLS.Name() && !proxyProtocol(s.Detail):
		return verdict{class: Scanner, why: "what it sent is of no client of HTTPS"}
	}
	return verdict{}
}

// proxyProtocol reports whether the first bytes are of a load balancer that
// announces its client in a way that was not agreed on.
func proxyProtocol(detail string) bool {
	return strings.Contains(detail, `"PROXY `) || strings.Contains(detail, `\r\n\r\n\x00\r\nQUIT`)
}

// peer gives what is remembered of the address.
func (c *classifier) peer(s *Sighting) *peer {
	p := c.peers[s.Peer]
	if p != nil && s.Time.Sub(p.last) > forgetPeer {
		p = nil
	}
	if p == nil {
		if len(c.peers) >= mostPeers {
			c.forget(s.Time)
		}
		p = &peer{since: s.Time}
		c.peers[s.Peer] = p
	}
	p.last = s.Time
	return p
}

// forget makes room: those who have not come for a while go, or else any.
func (c *classifier) forget(now time.Time) {
	for name, p := range c.peers {
		if now.Sub(p.last) > scanWindow {
			delete(c.peers, name)
		}
	}
	for name := range c.peers {
		if len(c.peers) < mostPeers/2 {
			return
		}
		delete(c.peers, name)
	}
}

// scan takes in a failure of what a peer offered, and reports whether the peer has just turned out to be
// a scanner.
func (p *peer) scan(s *Sighting, seed maphash.Seed) (news bool) {
	if s.Time.Sub(p.since) > scanWindow {
		p.since, p.failures = s.Time, 0
		clear(p.offers)
		clear(p.names)
	}
	p.failures++
	offer := maphash.Bytes(seed, s.Offer)
	copy(p.latest[:], p.latest[1:])
	p.latest[burst-1] = attempt{s.Time, offer}
	if len(s.Offer) > 0 && len(p.offers) < scanOffers {
		if p.offers == nil {
			p.offers = map[uint64]bool{}
		}
		p.offers[offer] = true
	}
	if s.Name != "" && len(p.names) < scanNames {
		if p.names == nil {
			p.names = map[string]bool{}
		}
		p.names[s.Name] = true
	}
	what := ""
	switch {
	case p.bursts():
		what = "offers"
	case p.failures < scanFailures:
	case len(p.offers) >= scanOffers:
		what = "offers"
	case len(p.names) >= scanNames:
		what = "names"
	}
	if what == "" {
		return false
	}
	news = s.Time.After(p.scans)
	p.scans = s.Time.Add(scanWindow)
	p.why = fmt.Sprintf("%d failures with many different %s in %v", p.failures, what, s.Time.Sub(p.since).Round(time.Second))
	return news
}

// bursts reports whether the latest failures came in a burst of different offers,
// as of a program that tries one version and suite after the other.
func (p *peer) bursts() bool {
	first, last := &p.latest[0], &p.latest[burst-1]
	if first.at.IsZero() || last.at.Sub(first.at) > burstWindow {
		return false
	}
	different := 0
	for i := range p.latest {
		if !slices.ContainsFunc(p.latest[:i], func(a attempt) bool { return a.offer == p.latest[i].offer }) {
			different++
		}
	}
	return different >= burstOffers
}

// silent reports whether the peer went away without a word. With a name that it
// asked for it may be a program that did not like the certificate.
func silent(name string) bool {
	switch name {
	case fault.NoBytes.Name(), fault.Truncated.Name(), fault.Reset.Name(), fault.ClosedInHandshake.Name():
		return true
	}
	return false
}

// beat takes in that the peer came and went without a word, and reports whether it
// does so at even intervals.
func (p *peer) beat(now time.Time) bool {
	copy(p.at[:], p.at[1:])
	p.at[beats] = now
	if p.at[0].IsZero() {
		return false
	}
	shortest, longest := time.Duration(1<<62), time.Duration(0)
	for i := range beats {
		d := p.at[i+1].Sub(p.at[i])
		shortest, longest = min(shortest, d), max(longest, d)
	}
	mean := now.Sub(p.at[0]) / beats
	even := mean >= beatLeast && longest-shortest <= mean/10
	p.beats = p.beats && even
	return even
}
