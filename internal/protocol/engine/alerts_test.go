package engine_test

import (
	"errors"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// TestEveryAlert sends every alert there could be, fatal and as a warning, to a
// client in its handshake. RFC 9846, section 6: every fatal one ends it, those
// too that nobody knows; RFC 5246, section 7.2.2: a warning ends nothing,
// except close_notify.
func TestEveryAlert(t *testing.T) {
	for _, level := range []iana.AlertLevel{iana.LevelWarning, iana.LevelFatal} {
		for code := range 256 {
			alert := iana.Alert(code)
			client, server := hostsOf(iana.TLS12, "P-256")
			p := through(t, client, server, &tlstest.Middle{Alter: first(iana.MsgCertificate, func(p piece) pieces {
				return pieces{content(p, iana.ContentAlert, byte(level), byte(alert)), p}
			})})
			p.Run()
			switch r := p.Client.Record(); {
			case alert == iana.AlertCloseNotify:
				if !isFault(p.Client.Err(), fault.ClosedInHandshake) {
					t.Errorf("%v %v: %v", level, alert, p.Client.Err())
				}
			case level == iana.LevelWarning:
				if !p.Client.Complete() || !p.Server.Complete() {
					t.Errorf("a warning, %v, ended the handshake: %v", alert, p.Client.Err())
				}
				received(t, r, alert, false)
			default:
				var got engine.PeerAlert
				if !errors.As(p.Client.Err(), &got) || iana.Alert(got) != alert || got.Error() != alert.String() {
					t.Errorf("fatal %v: %v", alert, p.Client.Err())
				}
				if f := r.Failure; f == nil || f.By != trace.ByPeer || !f.HasAlert || f.Alert != alert || f.State != "WAIT_CERT" {
					t.Errorf("fatal %v: the record says %+v", alert, f)
				}
				received(t, r, alert, true)
			}
		}
	}
}

func received(t *testing.T, r *trace.Record, alert iana.Alert, fatal bool) {
	t.Helper()
	for _, s := range r.Steps {
		if s.Kind == trace.AlertReceived && s.Name == alert.String() && s.Fatal == fatal {
			return
		}
	}
	t.Errorf("%v is not in the record", alert)
}

// TestNothingIsSentAfterAFatalAlert of the peer: RFC 9846, section 6.2.
func TestNothingIsSentAfterAFatalAlert(t *testing.T) {
	for _, v := range bothVersions {
		client, server := hostsOf(v, "P-256")
		p := run(t, client, server, 0)
		p.Client.Alert(iana.AlertInternalError, tlstest.Now)
		p.Run()
		if !isFault(p.Server.Err(), fault.PeerAlert) {
			t.Fatalf("the server ended with %v", p.Server.Err())
		}
		b, err := p.Server.Seal(nil, []byte("data"))
		if p.Server.Close(); err == nil || len(b)+len(p.Server.Output()) != 0 {
			t.Errorf("%v: %d bytes of data, %d of close_notify, %v", v, len(b), len(p.Server.Output()), err)
		}
	}
}

// TestWarningsInARow counts warnings anew once something else comes.
func TestWarningsInARow(t *testing.T) {
	client, server := hostsOf(iana.TLS12, "P-256")
	m := &tlstest.Middle{}
	p := through(t, client, server, m)
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	m.Alter = func(p piece) pieces {
		return append(times(4, content(p, iana.ContentAlert, 1, byte(iana.AlertUnrecognizedName))), p)
	}
	for range 10 {
		exchange(t, p)
	}
}
