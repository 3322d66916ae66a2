package negotiate

import (
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// earlyOffer gives an offer of early data with two sessions, whose ages are ten
// seconds and one.
func earlyOffer(t *testing.T) *Offer {
	t.Helper()
	identity := func(name byte, age uint32) []byte {
		return []byte{0, 1, name, byte(age >> 24), byte(age >> 16), byte(age >> 8), byte(age)}
	}
	body := append([]byte{0, 14}, append(identity('a', 10_000), identity('b', 1_000)...)...)
	body = append(append(append(body, 0, 66, 32), make([]byte, 32)...), 32)
	psk, err := wire.ParsePreSharedKeyClient(append(body, make([]byte, 32)...))
	if err != nil {
		t.Fatal(err)
	}
	o := &Offer{PSK: psk, ServerName: "a.example"}
	for _, ext := range []iana.ExtensionType{iana.ExtEarlyData, iana.ExtPreSharedKey} {
		o.Present.Add(ext)
	}
	return o
}

func TestEarlyData(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for _, c := range []struct {
		why    trace.Why
		change func(*Early)
	}{
		{0, func(*Early) {}},
		{0, func(e *Early) { e.Now = now.Add(10 * time.Second) }},
		{0, func(e *Early) { e.Now = now.Add(-10 * time.Second) }},
		{trace.AgeSkew, func(e *Early) { e.Now = now.Add(11 * time.Second) }},
		{trace.AgeSkew, func(e *Early) { e.Now = now.Add(-11 * time.Second) }},
		{trace.Disabled, func(e *Early) { e.Max = 0 }},
		{trace.NotResumed, func(e *Early) { e.Session = nil }},
		{trace.NotOfSession, func(e *Early) { e.Session.MaxEarly = 0 }},
		{trace.Retried, func(e *Early) { e.Retried = true }},
		{trace.NotFirst, func(e *Early) { e.Place = 1 }},
		{trace.WrongSuite, func(e *Early) { e.Suite = iana.TLS_AES_256_GCM_SHA384 }},
		{trace.WrongProtocol, func(e *Early) { e.Protocol = "http/1.1" }},
		{trace.WrongProtocol, func(e *Early) { e.Protocol = "" }},
		{trace.WrongName, func(e *Early) { e.Session.ServerName = "b.example" }},
	} {
		e := Early{
			Max: 1, Suite: iana.TLS_AES_128_GCM_SHA256, Protocol: "h2", Now: now, Skew: 10 * time.Second,
			Session: &session.State{
				Suite: iana.TLS_AES_128_GCM_SHA256, ALPN: "h2", ServerName: "a.example", MaxEarly: 1, Created: now.Add(-10 * time.Second),
			},
		}
		c.change(&e)
		if why := EarlyData(earlyOffer(t), e); why != c.why {
			t.Errorf("%v, want %v", why, c.why)
		}
	}
	if why := EarlyData(&Offer{}, Early{Max: 1}); why != trace.NoSession {
		t.Errorf("without a session: %v", why)
	}
}

func TestOfferEarly(t *testing.T) {
	for _, c := range []struct {
		why    trace.Why
		change func(*session.State)
		p      *policy.Policy
	}{
		{0, func(*session.State) {}, policy.Modern()},
		{0, func(s *session.State) { s.ALPN = "" }, policy.Modern()},
		{trace.WrongVersion, func(*session.State) {}, policy.Modern().Between(0, iana.TLS12)},
		{trace.NoSession, func(s *session.State) { s.Version = iana.TLS12 }, policy.Modern()},
		{trace.NotOfSession, func(s *session.State) { s.MaxEarly = 0 }, policy.Modern()},
		{trace.WrongSuite, func(s *session.State) { s.Suite = 0x1304 }, policy.Modern()},
		{trace.WrongProtocol, func(s *session.State) { s.ALPN = "h3" }, policy.Modern()},
		{trace.WrongName, func(s *session.State) { s.ServerName = "b.example" }, policy.Modern()},
	} {
		s := &session.State{Version: iana.TLS13, Suite: iana.TLS_AES_128_GCM_SHA256, ALPN: "h2", ServerName: "a.example", MaxEarly: 1}
		c.change(s)
		if why := OfferEarly(s, c.p, []string{"h2"}, "a.example"); why != c.why {
			t.Errorf("%v, want %v", why, c.why)
		}
	}
	if why := OfferEarly(nil, policy.Modern(), nil, ""); why != trace.NoSession {
		t.Errorf("without a session: %v", why)
	}
}
