package hello

import (
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// appendEarlyData offers early data if the settings want that and the session
// allows it. RFC 9846, section 4.3.10.
func (c *Client) appendEarlyData(b []byte) []byte {
	if !c.Config.EarlyData {
		return b
	}
	var s *session.State
	if c.Config.Session != nil {
		s = c.Config.Session.State
	}
	if why := negotiate.OfferEarly(s, c.Config.Policy, c.Config.Protocols, c.Done.ServerName); why != 0 {
		c.Log.Refused(trace.EarlyData, 0, why)
		return b
	}
	return wire.AppendExtension(b, iana.ExtEarlyData, nil)
}

// beginEarly changes to the keys of early data, if it is offered: the client
// may send some from here on. RFC 9846, section 7.1.
func (c *Client) beginEarly() {
	sent := handshake.Hello{Config: c.Config, Raw: c.Hello, Asked: c.Asked}
	if c.Hellos != nil {
		sent = c.Hellos.Inner
	}
	if !sent.Config.EarlyData || !sent.Asked.Has(iana.ExtEarlyData) {
		return
	}
	sent.Identify(&c.Done) // a key log names early data by the hello that it goes with
	s := sent.Config.Session.State
	var hash [48]byte
	th := s.Hash().Sum(hash[:0], sent.Raw)
	early := schedule.NewEarly(s.Hash(), s.Secret)
	traffic := early.ClientTraffic(th)
	c.Done.Early = &handshake.EarlyData{Max: s.MaxEarly, Exporter: early.Exporter(th)}
	c.KeyLog("CLIENT_EARLY_TRAFFIC_SECRET", traffic.Bytes())
	c.KeyLog("EARLY_EXPORTER_SECRET", c.Done.Early.Exporter.Bytes())
	c.Out.ChangeCipherSpec() // RFC 9846, appendix E.4
	c.Out.WriteKeys(record.Keys13(s.Suite, traffic))
}
