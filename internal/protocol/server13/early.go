package server13

import (
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// considersEarly reports whether there is a choice to make about early data, or
// to explain.
func (s *Server) considersEarly() bool {
	return s.Config.MaxEarlyData > 0 || s.Done.Early != nil
}

// whyNotEarly says why early data cannot be taken, 0 if only a replay could
// still speak against it.
func (s *Server) whyNotEarly() trace.Why {
	if s.Config.AskApproval { // the host would be asked when the data was read
		return trace.Disabled
	}
	return negotiate.EarlyData(&s.Offer, negotiate.Early{
		Max: s.Config.MaxEarlyData, Session: s.session, Place: s.identity, Suite: s.suite.ID, Protocol: s.Done.ALPN,
		Retried: s.Done.Retried, Now: s.Now, Skew: s.Config.Skew(),
	})
}

// resumeEarly answers with the flight of a resumption, after asking whether the
// ClientHello came before if it has early data that could be taken. Its binder
// was verified, and is unique to it. RFC 9846, section 8.2.
func (s *Server) resumeEarly() (state, error) {
	if s.considersEarly() {
		why := s.whyNotEarly()
		if why == 0 {
			binder, _ := s.Offer.PSK.Binder(s.identity)
			s.Pose(handshake.Ask{Question: handshake.Replay, Offer: &s.Offer, Keys: s.Config.Tickets, Content: binder, Window: s.Config.EarlyWindow()})
			return waitReplay, nil
		}
		s.RejectEarly(why)
	}
	return s.resume()
}

// onReplay takes the host's word on whether the ClientHello came before.
func (s *Server) onReplay(msg) (state, error) {
	switch a := &s.Answer; {
	case a.Fresh:
		s.Log.Chose(trace.EarlyData, 0)
		s.Done.Early.State, s.Done.Early.Max = handshake.EarlyAccepted, s.session.MaxEarly
	case a.Why != 0:
		s.RejectEarly(a.Why)
	default:
		s.RejectEarly(trace.NoRegister)
	}
	return s.resume()
}

// readEarly changes to the keys of early data. The transcript ends with the
// ClientHello. RFC 9846, section 7.1.
func (s *Server) readEarly() {
	var hash [48]byte
	th := s.Transcript.Sum(hash[:0])
	traffic := s.early.ClientTraffic(th)
	s.Done.Early.Exporter = s.early.Exporter(th)
	s.KeyLog("CLIENT_EARLY_TRAFFIC_SECRET", traffic.Bytes())
	s.KeyLog("EARLY_EXPORTER_SECRET", s.Done.Early.Exporter.Bytes())
	s.readKeys(traffic)
}

// onEndOfEarlyData is WAIT_EOED. RFC 9846, section 4.6.
func (s *Server) onEndOfEarlyData(m msg) (state, error) {
	if err := wire.ParseEmpty("EndOfEarlyData", m.Body); err != nil {
		return 0, err
	}
	s.Transcript.Write(m.Raw)
	s.Done.Early.State = handshake.EarlyEnded
	s.readKeys(s.clientHS)
	return waitFinished, nil
}

// appendEarlyData says that early data is accepted.
func (s *Server) appendEarlyData(b []byte) []byte {
	if !s.Done.Early.Accepted() {
		return b
	}
	return wire.AppendExtension(b, iana.ExtEarlyData, nil)
}
