// Package packet takes link layers, tunnels and IP off a captured frame, down to
// a TCP segment or a UDP datagram.
package packet

import (
	"net/netip"
	"strings"
)

// A Segment is a TCP segment in a frame. RFC 9293, section 3.1.
type Segment struct {
	Frame    int   // number of the packet, from 1
	Time     int64 // nanoseconds since 1970
	Src, Dst netip.AddrPort
	Seq, Ack uint32
	Flags    Flags
	Window   uint16 // as it stands in the header, not scaled
	Checksum uint16
	ID       uint16 // of the IPv4 header: a frame that was captured twice has it twice, one that was sent twice seldom; 0 over IPv6
	TTL      uint8  // hop limit: another one than before may mean another sender
	Sum      Sum
	Options  []byte // valid as long as the packet's data; so with Payload
	Payload  []byte
	Snapped  int    // bytes of the payload that were on the wire and were not captured
	Frames   []int  // of the fragments of IP that it came in, if it did
	Comment  string // that a pcapng file has of the frame
	Via      string // what stands before this IP header besides the link layer: "vlan 5, gre"; usually empty

	whole  []byte // header and payload, for the checksum
	pseudo uint64 // sum of the pseudo-header without the length
}

// Flags are those of a TCP segment.
type Flags uint8

const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// String gives the names, separated by commas.
func (f Flags) String() string { return flagNames[f] }

var flagNames = func() (all [256]string) {
	for f := range all {
		var set []string
		for i, name := range [...]string{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"} {
			if f>>i&1 != 0 {
				set = append(set, name)
			}
		}
		all[f] = strings.Join(set, ", ")
	}
	return all
}()

// Sum says whether a checksum is right.
type Sum uint8

const (
	SumUnknown Sum = iota // the segment was cut, or its headers
	SumRight
	SumWrong
	SumPartial // of the pseudo-header alone: the sending host leaves the rest to its network card
)

// A Datagram is a UDP datagram in a frame.
type Datagram struct {
	Frame    int
	Time     int64
	Src, Dst netip.AddrPort
	Payload  []byte
	Via      string
}

// Kind says what a frame holds.
type Kind uint8

const (
	Other     Kind = iota // neither TCP nor UDP
	TCP                   // a segment, or the last missing fragment of one
	UDP                   //
	Fragment              // a part of a datagram of IP that is not whole yet
	Cut                   // the capture ends before the ports
	Malformed             // headers that contradict themselves
	kinds
)
