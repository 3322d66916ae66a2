package server13

import (
	"bytes"
	"encoding/binary"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// ticketLifetime is how long a client may offer a ticket, in seconds: a day.
// RFC 9846, section 4.7.1, allows seven.
const ticketLifetime = 24 * 60 * 60

// sendTickets gives the client tickets, if they are on and the client can use
// them: in a resumption one for the one that was used. RFC 9846, section 4.7.1.
func (s *Server) sendTickets() error {
	lifetime := session.Left(s.Began(), ticketLifetime, s.Now)
	if s.Config.Tickets == nil || lifetime == 0 || bytes.IndexByte(s.Offer.PSKModes, byte(iana.PSKModeDHEKE)) < 0 {
		return nil
	}
	more := s.Config.MoreTickets
	if s.Done.Resumed {
		more = 0
	}
	for i := range 1 + more {
		if err := s.sendTicket(i, lifetime); err != nil {
			return err
		}
	}
	return nil
}

// sendTicket gives the client ticket i of this connection, for so many seconds.
func (s *Server) sendTicket(i uint8, lifetime uint32) error {
	var random [4]byte
	if err := s.Random(random[:]); err != nil {
		return err
	}
	nonce := [1]byte{i}
	psk := s.Done.Resumption.TicketPSK(nonce[:])
	state := session.State{
		Version:    iana.TLS13,
		Suite:      s.suite.ID,
		Group:      s.group,
		Secret:     psk.Bytes(),
		EMS:        true,
		ALPN:       s.Done.ALPN,
		ServerName: s.Offer.ServerName,
		PeerScheme: s.Done.PeerScheme, OwnType: s.Done.OwnType,
		Created:  s.Now,
		Began:    s.Began(),
		PSK:      s.Done.PSK,
		PSKTag:   s.Done.PSKTag,
		MaxEarly: s.Config.MaxEarlyData,
		Lifetime: lifetime,
		AgeAdd:   binary.BigEndian.Uint32(random[:]),
	}
	if s.Done.Peer != nil {
		state.Chain, state.RawKey = s.Done.Peer.Chain, s.Done.Peer.RawPublicKey
	}
	ticket, err := s.Config.Tickets.Seal(s.Config.Rand, s.Now, &state)
	if err != nil {
		return err
	}
	var exts [12]byte // early_data and GREASE
	m := wire.NewSessionTicket13{
		Lifetime:   lifetime,
		AgeAdd:     state.AgeAdd,
		Nonce:      nonce[:],
		Ticket:     ticket,
		Extensions: exts[:0],
	}
	if state.MaxEarly > 0 {
		m.Extensions = wire.AppendEarlyDataTicket(m.Extensions, state.MaxEarly)
	}
	if grease := s.grease(); grease != 0 {
		m.Extensions = wire.AppendExtension(m.Extensions, iana.ExtensionType(grease), nil)
	}
	s.Out.Sent(m.Append(s.Out.Message()))
	s.Log.Sent(iana.MsgNewSessionTicket)
	return nil
}
