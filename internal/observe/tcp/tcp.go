// Package tcp follows TCP connections in captured segments: who opened each, the
// bytes of either side in order, what was lost, sent twice or out of order, and
// how it ended. Nothing is mended in silence.
package tcp

import (
	"net/netip"

	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A Conn is a connection.
type Conn struct {
	ID             int // in the order of the first segments, from 0
	Client, Server netip.AddrPort
	Guessed        bool // no SYN was captured: which of the two is the client was guessed from the ports
	Via            string
	First, Last    int64 // time of the first and of the last segment, in nanoseconds since 1970
	Frame          int   // of the first segment
	Opening        []Opening
	Comments       []Comment // that the capture has of the segments; at most 16 are kept
	Sides          [2]Side   // see Of
	End            End
	App            any // for the Handler

	streams   [2]stream
	turned    bool // client and server have changed places: what the key calls the first is the server
	in        *queue
	older     *Conn // neighbours in it
	newer     *Conn
	key       key
	heard     int64 // when the last segment came, by the table's clock
	finalAt   int64 // when a connection that was closed or reset is over
	confirmed bool  // the ACK that ends the three-way handshake came
}

// Of gives what is known of a side.
func (c *Conn) Of(s trace.Side) *Side { return &c.Sides[s-1] }

// Turn has client and server change places: for a Handler that learns from what
// they say that the guess was wrong. From the next segment on the sides are the
// other ones.
func (c *Conn) Turn() {
	c.turned = !c.turned
	c.Client, c.Server = c.Server, c.Client
	c.Sides[0], c.Sides[1] = c.Sides[1], c.Sides[0]
	c.streams[0], c.streams[1] = c.streams[1], c.streams[0]
	for i := range c.Opening {
		c.Opening[i].From = c.Opening[i].From.Other()
	}
	if c.End.By != 0 {
		c.End.By = c.End.By.Other()
	}
}

// An Opening is a segment of the three-way handshake: SYN, SYN-ACK, ACK, or what
// came in their place. At most eight are kept.
type Opening struct {
	From     trace.Side
	Frame    int
	Time     int64
	Flags    packet.Flags
	Seq, Ack uint32
	Window   uint16
	Checksum uint16
	Sum      packet.Sum
	MSS      uint16 // 0: the option is missing
	Scale    int8   // of the window, -1: the option is missing
	Options  string // all options in the order they stand in, in words: "mss 1460, sack permitted, ..."
}

// A Comment is one that a capture has of a segment.
type Comment struct {
	Frame int
	Time  int64
	Text  string
}

// A Side is what one side has sent.
type Side struct {
	Segments      int
	Bytes         int64 // of payload, each counted once
	Retransmitted int   // segments whose bytes had all come before
	Reordered     int   // segments that came after some that belong behind them
	Overlaps      int   // segments that repeat a part of what came before
	Conflicts     int   // those of them that repeat it with other bytes, as far as these had still to wait; the first stand
	KeepAlives    int   // segments that repeat the last byte, or none, to see whether the other side is there
	Strange       int   // segments that belong nowhere near: they were left out
	Lost          int64 // bytes that were never captured
	Snapped       int64 // bytes of captured segments that the capture has cut off
	WrongSums     int   // segments with a wrong checksum
	Fin, Rst      int   // frame of the first one, 0: none
}

// An End is how a connection ended.
type End struct {
	How   How
	By    trace.Side // who closed or reset it first
	Frame int
	Time  int64
}

// How a connection ended.
type How uint8

const (
	Open   How = iota // the capture ends before
	Closed            // both sides have sent FIN
	Half              // one side has sent FIN, and the capture ends
	Reset             // one side has sent RST
	Silent            // nothing came for longer than the limit of the table
	Reused            // the same ports opened another connection
	Capped            // there were too many open connections at a time: this one was given up
)

func (h How) String() string {
	return [...]string{"open", "closed", "half closed", "reset", "silent", "replaced by another connection of the same ports", "given up"}[h]
}

// A Chunk says where bytes of a stream came from.
type Chunk struct {
	Frame  int
	Time   int64
	Offset int64 // of the first byte in the stream of its side, from 0
}

// A Handler is told what happens. Data is valid during the call only.
type Handler interface {
	Opened(*Conn)
	Data(c *Conn, from trace.Side, data []byte, at Chunk) // in order; what is lost comes as Gap
	// Gap tells of bytes that are missing; taken, if the other side has them: they were
	// not captured, or cut off, but not lost.
	Gap(c *Conn, from trace.Side, n int64, taken bool, at Chunk)
	Ended(*Conn) // once, and last
}
