package explain_test

import (
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// A side is what one side of a random handshake is willing to do.
type side struct {
	policy    policy.Policy
	protocols []string
	keys      []string
}

func (s *side) clone() *side {
	c := *s
	p := &c.policy
	p.Versions, p.Suites, p.Groups, p.Schemes = slices.Clone(p.Versions), slices.Clone(p.Suites), slices.Clone(p.Groups), slices.Clone(p.Schemes)
	c.protocols, c.keys = slices.Clone(s.protocols), slices.Clone(s.keys)
	return &c
}

// some takes each of a list with the probability.
func some[T any](r *rand.Rand, list []T, p float64) (out []T) {
	for _, v := range list {
		if r.Float64() < p {
			out = append(out, v)
		}
	}
	return out
}

// long are the groups that random sides go without. Of the finite fields the two
// shortest stand for all: the choices are the same, and the longest takes fifty times
// as long.
func long(g iana.Group) bool { return g > iana.FFDHE3072 && g <= iana.FFDHE8192 }

func randomSide(r *rand.Rand, client bool) *side {
	all := policy.Museum()
	s := &side{policy: *all}
	s.policy.Name = "random"
	from := r.IntN(4)
	s.policy.Versions = slices.Clone(all.Versions[from : from+1+r.IntN(min(2, 4-from))]) // SSL 3.0 has no extensions to change
	if client && from > 0 {                                                              // a client without supported_versions does not say what its lowest version is
		s.policy.Versions = slices.Clone(all.Versions[from:4])
	}
	s.policy.Suites = some(r, all.Suites, []float64{0.03, 0.1, 0.6}[r.IntN(3)])
	s.policy.Suites = slices.DeleteFunc(s.policy.Suites, func(id iana.Suite) bool { // they would not show in the ClientHello
		params, _ := suite.Of(id)
		return client && (params.MinVersion > s.policy.Highest() || params.MaxVersion < slices.Min(s.policy.Versions))
	})
	s.policy.Groups = slices.DeleteFunc(some(r, all.Groups, []float64{0.1, 0.3, 0.9}[r.IntN(3)]), func(g iana.Group) bool {
		return long(g) || client && kex.PostQuantum(g) && s.policy.Highest() < iana.TLS13 // likewise
	})
	s.policy.Schemes = some(r, all.Schemes, []float64{0.1, 0.3, 0.9}[r.IntN(3)])
	s.protocols = some(r, []string{"h2", "imap", "xmpp"}, []float64{0, 0.4}[r.IntN(2)])
	s.keys = some(r, []string{"P-256", "RSA-2048", "Ed25519"}, 0.4)
	if len(s.keys) == 0 {
		s.keys = []string{"P-256"}
	}
	return s
}

func (s *side) host(server bool) *tlstest.Host {
	h := &tlstest.Host{Config: &handshake.Config{Policy: &s.policy, Protocols: s.protocols, Rand: crand.Reader, Now: func() time.Time { return tlstest.Now }}}
	if server {
		for _, k := range s.keys {
			h.Candidates = append(h.Candidates, tlstest.Credentials()[k])
		}
	}
	return h
}

// shake runs a handshake and gives the server's record of its failure.
func shake(client, server *side) (*trace.Record, error) {
	p, err := tlstest.NewPair(client.host(false), server.host(true))
	if err != nil {
		return nil, err
	}
	if err = p.Run(); err == nil {
		return nil, nil
	}
	return p.Server.Record(), err
}

// offer has a client offer a version with what goes with it.
func (s *side) offer(v iana.Version) {
	p := &s.policy
	old := p.Highest()
	p.Versions = append(p.Versions, v)
	slices.Sort(p.Versions)
	slices.Reverse(p.Versions)
	modern := policy.Modern()
	if v >= iana.TLS12 && (len(p.Schemes) == 0 || old < iana.TLS12) { // what it verifies did not show
		p.Schemes = modern.Schemes
	}
	for _, id := range modern.Suites {
		if params, _ := suite.Of(id); params.MinVersion == v && !slices.Contains(p.Suites, id) {
			p.Suites = append(p.Suites, id)
		}
	}
	if v < iana.TLS13 {
		return
	}
	if len(p.Groups) == 0 || old == iana.SSL30 { // what it can do did not show, either
		p.Groups = modern.Groups
	}
}

// apply does what a step says, from its words alone.
func apply(t *testing.T, client, server *side, s explain.Step) {
	to := server
	if s.For == "client" {
		to = client
	}
	p := &to.policy
	switch s.Kind {
	case "version":
		for v := iana.SSL30; v <= iana.TLS13; v++ {
			if v.String() == s.Value && s.For == "client" {
				to.offer(v)
			} else if v.String() == s.Value {
				p.Versions = append(p.Versions, v)
				slices.Sort(p.Versions)
				slices.Reverse(p.Versions)
			}
		}
	case "cipher suite":
		id, err := iana.SuiteNamed(s.Value)
		if err != nil {
			t.Fatal(err)
		}
		p.Suites = append(p.Suites, id)
	case "group":
		for _, g := range policy.Museum().Groups {
			if g.String() == s.Value {
				p.Groups = append(p.Groups, g)
			}
		}
	case "signature scheme":
		for _, g := range policy.Museum().Schemes {
			if g.String() == s.Value {
				p.Schemes = append(p.Schemes, g)
			}
		}
	case "certificate":
		to.keys = append(to.keys, map[string]string{"RSA": "RSA-2048", "ECDSA": "P-256"}[s.Value])
	case "application protocol":
		to.protocols = append(to.protocols, s.Value)
	default:
		t.Fatalf("%+v", s)
	}
}

// negotiable are the faults of sides that have nothing in common.
var negotiable = []fault.Code{fault.NoSharedVersion, fault.NoSharedSuite, fault.NoSharedGroup, fault.NoSharedScheme, fault.NoSharedScheme12, fault.NoSharedProtocol}

// TestChanges: for random sides that have too little in common, each change that is
// named makes the handshake succeed, and if it takes several steps, no single one
// would have done.
func TestChanges(t *testing.T) {
	rounds := 800
	if testing.Short() {
		rounds = 150
	}
	r := rand.New(rand.NewPCG(1, 2))
	unsolved, seen, sizes := 0, map[fault.Code]int{}, map[int]int{}
	for round := range rounds {
		client, server := randomSide(r, true), randomSide(r, false)
		record, err := shake(client, server)
		if err == nil || record == nil || record.Failure == nil || !slices.Contains(negotiable, record.Failure.Code) || record.Failure.By != trace.ByUs {
			continue
		}
		record.Fill()
		if set := record.Settings; set.Keys == nil { // as package tls does
			set.Keys = negotiate.Keys(server.host(true).Candidates)
		}
		found := explain.Explain(explain.FromRecord(record))
		if len(found) == 0 || len(found[0].Changes) == 0 {
			unsolved++
			continue
		}
		seen[record.Failure.Code]++
		for _, change := range found[0].Changes {
			c, s := client.clone(), server.clone()
			for _, step := range change.Steps {
				apply(t, c, s, step)
			}
			if _, after := shake(c, s); after != nil {
				t.Errorf("round %d: %v: %s does not help: %v\nclient %+v\nserver %+v", round, err, change.String(), after, client, server)
			}
		}
		n := len(found[0].Changes[0].Steps)
		if sizes[n]++; n > 1 && sizes[n] <= 8 {
			if single := anySingle(t, client, server); single != "" {
				t.Errorf("round %d: %v: %d steps are named, and one does: %s\nclient %+v\nserver %+v", round, err, n, single, client, server)
			}
		}
	}
	for _, code := range negotiable {
		if seen[code] == 0 {
			t.Errorf("no random handshake failed with %s", code.Name())
		}
	}
	if unsolved > rounds/20 {
		t.Errorf("no change is named for %d of %d", unsolved, rounds)
	}
	t.Logf("%d unsolved, %v, by steps %v", unsolved, seen, sizes)
}

// anySingle tries every single step there is.
func anySingle(t *testing.T, client, server *side) string {
	var steps []explain.Step
	both := func(kind, value string) {
		steps = append(steps, explain.Step{For: "client", Kind: kind, Value: value}, explain.Step{For: "server", Kind: kind, Value: value})
	}
	all := policy.Museum()
	for _, v := range all.Versions[:4] {
		both("version", v.String())
	}
	for _, v := range all.Suites {
		both("cipher suite", v.String())
	}
	for _, v := range slices.DeleteFunc(slices.Clone(all.Groups), long) {
		both("group", v.String())
	}
	for _, v := range all.Schemes {
		both("signature scheme", v.String())
	}
	for _, p := range append(slices.Clone(client.protocols), server.protocols...) {
		both("application protocol", p)
	}
	steps = append(steps, explain.Step{For: "server", Kind: "certificate", Value: "RSA"}, explain.Step{For: "server", Kind: "certificate", Value: "ECDSA"})
	for _, step := range steps {
		c, s := client.clone(), server.clone()
		apply(t, c, s, step)
		if _, err := shake(c, s); err == nil {
			return fmt.Sprintf("%+v", step)
		}
	}
	return ""
}

// BenchmarkExplain is what it costs to explain a handshake in which the two have no
// suite in common, with the changes that would have helped, and one whose
// certificate the client did not like.
func BenchmarkExplain(b *testing.B) {
	client, server := &side{policy: *policy.Compatible()}, &side{policy: *policy.Modern(), keys: []string{"P-256"}}
	client.policy.Versions = []iana.Version{iana.TLS12}
	client.policy.Suites = []iana.Suite{iana.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, iana.TLS_RSA_WITH_AES_128_GCM_SHA256}
	suites, _ := shake(client, server)
	old := &side{policy: *policy.Legacy()}
	old.policy.Versions = []iana.Version{iana.TLS10}
	versions, _ := shake(old, server)
	for name, r := range map[string]*trace.Record{"suite": suites, "version": versions} {
		r.Fill()
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if len(explain.Explain(explain.FromRecord(r))) == 0 {
					b.Fatal("nothing")
				}
			}
		})
	}
}
