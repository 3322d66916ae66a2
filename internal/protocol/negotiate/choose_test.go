package negotiate

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// client is what a ClientHello is made of in these tests.
type client struct {
	version   iana.Version // legacy_version
	versions  []iana.Version
	suites    []iana.Suite
	groups    []iana.Group
	shares    []iana.Group
	protocols []string
}

// offer makes the offer of a ClientHello that is written and read again.
func (c client) offer(t testing.TB) Offer {
	t.Helper()
	hello := wire.ClientHello{
		Version: c.version, Random: make([]byte, 32), CipherSuites: wire.NewList(c.suites),
		Compression: []byte{0}, HasBlock: true,
	}
	b, block := hello.Open(nil)
	if len(c.versions) > 0 {
		b = wire.AppendSupportedVersionsClient(b, c.versions)
	}
	if len(c.groups) > 0 {
		b = wire.AppendSupportedGroups(b, c.groups)
		var shares wire.Block
		b, shares = wire.OpenKeyShareClient(b)
		for _, g := range c.shares {
			var share wire.Mark
			b, share = wire.OpenKeyShare(b, g)
			b = share.Close(append(b, byte(g)))
		}
		b = shares.Close(b)
	}
	if len(c.protocols) > 0 {
		b = wire.AppendALPN(b, c.protocols...)
	}
	b = block.Close(b)
	o, err := ReadOffer(b[wire.HeaderLen:])
	if err != nil {
		t.Fatalf("%+v: %v", c, err)
	}
	return o
}

// some gives a random part of a list in random order, with a GREASE value now
// and then.
func some[T ~uint16](r *rand.Rand, of []T) (part []T) {
	for _, i := range r.Perm(len(of)) {
		if r.IntN(3) == 0 {
			part = append(part, of[i])
		}
	}
	if r.IntN(3) == 0 {
		part = slices.Insert(part, 0, T(0x1a1a))
	}
	return part
}

var (
	allVersions = []iana.Version{iana.SSL30, iana.TLS10, iana.TLS11, iana.TLS12, iana.TLS13, 0x0305}
	allGroups   = []iana.Group{iana.X25519, iana.X448, iana.Secp256r1, iana.Secp384r1, iana.Secp521r1, iana.X25519MLKEM768, iana.SecP256r1MLKEM768, iana.FFDHE2048}
	allSchemes  = []iana.SignatureScheme{iana.ECDSASecp256r1SHA256, iana.ECDSASHA1, iana.Ed25519, iana.RSAPKCS1SHA256, iana.RSAPSSRSAESHA256}
)

func allSuites() []iana.Suite {
	ids := []iana.Suite{iana.TLS_FALLBACK_SCSV, 0x00ff}
	for _, s := range suite.All() {
		ids = append(ids, s.ID)
	}
	return ids
}

func randomClient(r *rand.Rand) client {
	c := client{
		version: allVersions[r.IntN(len(allVersions))], versions: some(r, allVersions),
		suites: append(some(r, allSuites()), iana.TLS_AES_128_GCM_SHA256), groups: some(r, allGroups),
	}
	if len(c.versions) > 0 {
		c.version = iana.TLS12
	}
	c.shares = c.groups[:r.IntN(len(c.groups)+1)]
	return c
}

func randomPolicy(r *rand.Rand) *policy.Policy {
	return &policy.Policy{
		Versions: some(r, allVersions[3:5]), Suites: some(r, allSuites()),
		Groups: some(r, allGroups), Schemes: some(r, allSchemes),
	}
}

// twiceTheSame makes a choice with a log and without and gives its result. The
// log has the choice if there is one, and refuses only what comes into
// question and is not chosen.
func twiceTheSame[T ~uint16](t *testing.T, topic trace.Topic, choose func(*trace.Log) (T, error), candidates []T) (T, error) {
	t.Helper()
	log := trace.NewLog()
	defer log.Free()
	got, err := choose(log)
	again, errAgain := choose(nil)
	if got != again || (err == nil) != (errAgain == nil) || err != nil && err.Error() != errAgain.Error() {
		t.Errorf("%v: with a log %v, %v; without %v, %v", topic, got, err, again, errAgain)
	}
	var chosen []T
	events, _ := log.Events()
	for i, e := range events {
		switch {
		case slices.Contains(events[:i], e):
			t.Errorf("%v: %s is in the log twice", topic, topic.Value(e.Code))
		case e.Topic != topic:
			t.Errorf("%v: an event of %v", topic, e.Topic)
		case e.Kind == trace.Chose:
			chosen = append(chosen, T(e.Code))
		case !slices.Contains(candidates, T(e.Code)):
			t.Errorf("%v: %s was refused and is no candidate", topic, topic.Value(e.Code))
		case T(e.Code) == got && err == nil && trace.Why(e.Arg) != trace.NoShare:
			t.Errorf("%v: %s was refused and chosen", topic, topic.Value(e.Code))
		case trace.Why(e.Arg).String() == "":
			t.Errorf("%v: %s was refused without a reason", topic, topic.Value(e.Code))
		}
	}
	if made := err == nil && got != 0; made != (len(chosen) == 1) || made && chosen[0] != got {
		t.Errorf("%v: chose %v, and the log says %v", topic, got, chosen)
	}
	return got, err
}

// TestChoicesAreShared makes random choices: what is chosen was offered and is
// allowed, and nothing is chosen only if there is nothing of the kind.
func TestChoicesAreShared(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		c, p := randomClient(r), randomPolicy(r)
		o := c.offer(t)
		version(t, c, &o, p)
		suite13(t, c, &o, p)
		group13(t, c, &o, p)
		legacySuite(t, c, &o, p, r)
		if t.Failed() {
			t.Fatalf("client %+v, policy %+v", c, p)
		}
	}
}

func version(t *testing.T, c client, o *Offer, p *policy.Policy) {
	t.Helper()
	offers := func(v iana.Version) bool {
		if len(c.versions) > 0 {
			return slices.Contains(c.versions, v)
		}
		return v <= c.version && v < iana.TLS13
	}
	got, err := twiceTheSame(t, trace.Version, func(l *trace.Log) (iana.Version, error) { return Version(o, p, l) }, p.Versions)
	shared := slices.ContainsFunc(p.Versions, offers)
	switch {
	case err == nil && (!offers(got) || !p.Allows(got)):
		t.Errorf("%v was chosen", got)
	case errors.Is(err, fault.NoSharedVersion) == shared:
		t.Errorf("shared %v: %v, %v", shared, got, err)
	case errors.Is(err, fault.InappropriateFallback) && !slices.Contains(c.suites, iana.TLS_FALLBACK_SCSV):
		t.Errorf("a fallback that the client does not tell of")
	}
}

func suite13(t *testing.T, c client, o *Offer, p *policy.Policy) {
	t.Helper()
	fits := func(id iana.Suite) bool {
		s, ok := suite.Of(id)
		return ok && s.MinVersion == iana.TLS13 && slices.Contains(c.suites, id)
	}
	got, err := twiceTheSame(t, trace.Suite, func(l *trace.Log) (iana.Suite, error) { return Suite13(o, p, nil, l) }, p.Suites)
	if shared := slices.ContainsFunc(p.Suites, fits); shared != (err == nil) || shared && !(fits(got) && p.AllowsSuite(got)) {
		t.Errorf("shared %v: %v, %v", shared, got, err)
	}
}

func group13(t *testing.T, c client, o *Offer, p *policy.Policy) {
	t.Helper()
	if len(c.groups) == 0 {
		return
	}
	var share []byte
	got, err := twiceTheSame(t, trace.Group, func(l *trace.Log) (g iana.Group, err error) {
		g, share, err = Group13(o, p, l)
		return g, err
	}, p.Groups)
	in := func(list []iana.Group) func(iana.Group) bool {
		return func(g iana.Group) bool { return slices.Contains(list, g) }
	}
	shared := slices.ContainsFunc(p.Groups, in(c.groups))
	if shared != (err == nil) || shared && !(in(c.groups)(got) && in(p.Groups)(got)) {
		t.Errorf("shared %v: %v, %v", shared, got, err)
	}
	best := slices.IndexFunc(p.Groups, in(c.groups)) // the one that is wanted most
	if share == nil && err == nil && got != p.Groups[best] || share != nil && (!in(c.shares)(got) || share[0] != byte(got) || !kex.Alike(got, p.Groups[best])) {
		t.Errorf("%v with %x, of %v", got, share, p.Groups)
	}
	if at := slices.ContainsFunc(p.Groups, func(g iana.Group) bool { return in(c.shares)(g) && kex.Alike(g, got) }); at && share == nil {
		t.Errorf("%v is asked for, and a share that is as good is at hand", got)
	}
}

func legacySuite(t *testing.T, c client, o *Offer, p *policy.Policy, r *rand.Rand) {
	t.Helper()
	group, _ := twiceTheSame(t, trace.Group, func(l *trace.Log) (iana.Group, error) { return GroupLegacy(o, p, l), nil }, p.Groups)
	if group != 0 && (!kex.Curve(group) || len(c.groups) > 0 && !slices.Contains(c.groups, group) || !slices.Contains(p.Groups, group)) {
		t.Errorf("%v was chosen", group)
	}
	finite, _ := twiceTheSame(t, trace.Group, func(l *trace.Log) (iana.Group, error) { return FiniteLegacy(o, p, l), nil }, p.Groups)
	if finite != 0 && (!kex.IsFinite(finite) || slices.ContainsFunc(c.groups, kex.IsFinite) && !slices.Contains(c.groups, finite) ||
		!slices.Contains(p.Groups, finite)) {
		t.Errorf("%v was chosen for DHE", finite)
	}
	rsa := r.IntN(2) == 0
	against := func(s suite.Params) trace.Why {
		if (s.Auth == suite.RSAKey) != rsa {
			return trace.NoKey
		}
		return 0
	}
	got, err := twiceTheSame(t, trace.Suite, func(l *trace.Log) (iana.Suite, error) {
		return SuiteLegacy(o, p, Legacy{iana.TLS12, group != 0, finite != 0, against}, l)
	}, p.Suites)
	fits := func(id iana.Suite) bool {
		s, ok := suite.Of(id)
		return ok && slices.Contains(c.suites, id) && s.MinVersion <= iana.TLS12 && s.MaxVersion >= iana.TLS12 &&
			against(s) == 0 && (s.KeyExchange != suite.ECDHE && s.KeyExchange != suite.ECDHEPSK || group != 0) && (s.KeyExchange != suite.DHE || finite != 0)
	}
	if shared := slices.ContainsFunc(p.Suites, fits); shared != (err == nil) || shared && !(fits(got) && p.AllowsSuite(got)) {
		t.Errorf("shared %v: %v, %v", shared, got, err)
	}
}

// TestOrder has the choices in which the order matters.
func TestOrder(t *testing.T) {
	p := policy.Modern()
	chacha, aes := iana.TLS_CHACHA20_POLY1305_SHA256, iana.TLS_AES_128_GCM_SHA256
	for _, c := range []struct {
		suites []iana.Suite
		want   iana.Suite
	}{
		{[]iana.Suite{aes, chacha}, aes},
		{[]iana.Suite{iana.TLS_AES_256_GCM_SHA384, aes}, aes}, // this side's order
		{[]iana.Suite{chacha, aes}, chacha},                   // a client without AES instructions
		{[]iana.Suite{0x2a2a, chacha, aes}, chacha},
		{[]iana.Suite{0x1304, chacha, aes}, aes},
	} {
		o := client{version: iana.TLS12, suites: c.suites}.offer(t)
		if got, err := Suite13(&o, p, nil, nil); got != c.want || err != nil {
			t.Errorf("%v: %v, %v", c.suites, got, err)
		}
	}
	for _, c := range []struct {
		groups []iana.Group
		share  iana.Group
		want   iana.Group
	}{
		{[]iana.Group{iana.X25519, iana.Secp256r1}, iana.Secp256r1, iana.Secp256r1},                        // as good as X25519
		{[]iana.Group{iana.X25519MLKEM768, iana.Secp256r1}, iana.Secp256r1, iana.X25519MLKEM768},           // nothing that is recorded today
		{[]iana.Group{iana.X25519MLKEM768, iana.X25519, iana.Secp256r1}, iana.X25519, iana.X25519MLKEM768}, // can be read then
		{[]iana.Group{iana.Secp384r1, iana.X25519}, iana.Secp384r1, iana.X25519},                           // this side's order
		{[]iana.Group{iana.Secp384r1, iana.Secp521r1}, iana.Secp384r1, iana.Secp384r1},
	} {
		o := client{version: iana.TLS12, suites: []iana.Suite{aes}, groups: c.groups, shares: []iana.Group{c.share}}.offer(t)
		if g, share, err := Group13(&o, p, nil); g != c.want || (share != nil) != (c.want == c.share) || err != nil {
			t.Errorf("%v with a share of %v: %v, %v", c.groups, c.share, g, err)
		}
	}
	o := client{version: iana.TLS12, suites: []iana.Suite{aes}, groups: []iana.Group{iana.Secp384r1, iana.Secp256r1}}.offer(t)
	if g, share, err := Group13(&o, p, nil); g != iana.Secp256r1 || share != nil || err != nil {
		t.Errorf("without one, this side's order counts: %v, %v", g, err)
	}
}

func TestFallback(t *testing.T) {
	with := []iana.Suite{iana.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, iana.TLS_FALLBACK_SCSV}
	for _, c := range []struct {
		versions []iana.Version
		suites   []iana.Suite
		highest  iana.Version
		want     error
	}{
		{nil, with, iana.TLS13, fault.InappropriateFallback},
		{nil, with, iana.TLS12, nil},
		{nil, with[:1], iana.TLS13, nil},
		{[]iana.Version{iana.TLS13, iana.TLS12}, with, iana.TLS13, nil},
		{[]iana.Version{iana.TLS12}, with, iana.TLS13, fault.InappropriateFallback},
		{[]iana.Version{iana.TLS11}, with, iana.TLS13, fault.NoSharedVersion},
	} {
		o := client{version: iana.TLS12, versions: c.versions, suites: c.suites}.offer(t)
		if _, err := Version(&o, policy.Modern().Between(0, c.highest), nil); !errors.Is(err, c.want) {
			t.Errorf("%v, %v enabled: %v, want %v", c.versions, c.highest, err, c.want)
		}
	}
}

func TestProtocol(t *testing.T) {
	for _, c := range []struct {
		theirs, ours []string
		want         string
		err          error
	}{
		{[]string{"h2", "http/1.1"}, []string{"http/1.1", "h2"}, "http/1.1", nil},
		{[]string{"h2"}, []string{"http/1.1", "h2"}, "h2", nil},
		{nil, []string{"h2"}, "", nil},
		{[]string{"h2"}, nil, "", nil},
		{[]string{"h"}, []string{"h2"}, "", fault.NoSharedProtocol},
		{[]string{"h22"}, []string{"h2"}, "", fault.NoSharedProtocol},
		{[]string{"http/1.1"}, []string{"h2"}, "", nil}, // as crypto/tls
	} {
		o := client{version: iana.TLS12, suites: []iana.Suite{1}, protocols: c.theirs}.offer(t)
		if got, err := Protocol(&o, c.ours, nil); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%q and %q: %q, %v", c.theirs, c.ours, got, err)
		}
	}
}
