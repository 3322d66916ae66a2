package flow

import (
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/quic"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// QUIC gives what tells the stories of connections of QUIC, as far as their Initials
// go. Their TCP has the addresses and times, and nothing of TCP.
func (f *Follower) QUIC() quic.Handler { return &quicFollower{f} }

type quicFollower struct{ f *Follower }

// Crypto takes bytes of a side's handshake.
func (q *quicFollower) Crypto(c *quic.Conn, from trace.Side, data []byte, u *packet.Datagram) {
	k := q.conn(c)
	h := &k.sides[from-1]
	if !h.began {
		h.began = true
		if !k.story.TLS {
			k.story.TLS, k.story.Started = true, u.Time
		}
	}
	at := tcp.Chunk{Frame: u.Frame, Time: u.Time, Offset: h.records.at}
	h.records.brought(u.Frame, len(data))
	k.handshake(from, RecordHeader{Content: iana.ContentHandshake, Length: len(data), Offset: h.records.at}, data, at)
	h.records.at += int64(len(data))
	h.records.reset()
}

// Closed takes the error with which a side ends the connection.
func (q *quicFollower) Closed(c *quic.Conn, by trace.Side, code uint64, u *packet.Datagram) {
	k := q.conn(c)
	if e := &k.story.Ended; e.How == "" && code>>8 == 1 { // RFC 9001, section 4.8
		*e = Ending{How: "alert", By: by, Alert: iana.Alert(code), Fatal: true, Known: true, Frame: u.Frame, Time: u.Time}
	}
}

func (q *quicFollower) conn(c *quic.Conn) *conn {
	if c.App == nil {
		c.App = &conn{options: &Options{}, story: &Story{TCP: &tcp.Conn{
			ID: c.ID, Client: c.Client, Server: c.Server, Via: c.Via, First: c.First, Frame: c.Frame,
		}}}
	}
	return c.App.(*conn)
}

// Ended tells the story.
func (q *quicFollower) Ended(c *quic.Conn) {
	if c.App == nil || !c.App.(*conn).story.TLS {
		return
	}
	k := c.App.(*conn)
	s := k.story
	s.QUIC, s.TCP.Last = c.Version.String(), c.Last
	if s.JA4 != "" {
		s.JA4 = "q" + s.JA4[1:]
	}
	for _, from := range [...]trace.Side{trace.Client, trace.Server} {
		if k.sides[from-1].message != nil {
			k.cut(from, c.Last)
		}
	}
	for _, m := range s.Messages { // there are no records
		m.Records = nil
	}
	if s.Ended.How == "" {
		s.Ended = Ending{How: "open", Known: true, Time: c.Last}
	}
	k.note(Note{c.Last, c.Frame, 0, "quic", "QUIC: what comes after its first packets is encrypted, and not told"})
	q.f.tell(s)
}
