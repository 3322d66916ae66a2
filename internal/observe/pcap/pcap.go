// Package pcap reads and writes files of captured packets, and captures.
//
// Open and NewReader read pcap and pcapng, as they are or compressed with gzip,
// from files and from pipes that are still being written to. What follows the
// last whole packet of a damaged file is told apart from its end: see Error.
package pcap

import "time"

// A Packet is one captured frame.
type Packet struct {
	Number    int    // in the file, from 1
	Time      int64  // nanoseconds since 1970
	Link      Link   // what Data begins with
	Interface int    // of those of a pcapng file, from 0
	Length    int    // in bytes, as it was on the wire; Data may be cut shorter
	Data      []byte // valid until the next packet is read
	Comment   string // of a pcapng file
}

// At gives the time in UTC.
func (p *Packet) At() time.Time { return time.Unix(0, p.Time).UTC() }

// A Link is the type of a link layer, as in the registry of pcap files
// (www.tcpdump.org/linktypes.html).
type Link uint16

const (
	LinkNull     Link = 0   // loopback of BSD: a protocol family of 4 bytes in the capturing host's byte order
	LinkEthernet Link = 1   //
	LinkPPP      Link = 9   // PPP, with or without the bytes ff 03 of HDLC
	LinkRawOld1  Link = 12  // LinkRaw, as some systems number it
	LinkRawOld2  Link = 14  // likewise
	LinkPPPHDLC  Link = 50  // PPP in HDLC's framing
	LinkRaw      Link = 101 // IPv4 or IPv6
	LinkLoop     Link = 108 // loopback of OpenBSD: as LinkNull, big-endian
	LinkSLL      Link = 113 // Linux cooked, version 1
	LinkIPv4     Link = 228
	LinkIPv6     Link = 229
	LinkSLL2     Link = 276 // Linux cooked, version 2
)

// A Source gives packets one after another: a file, or an interface.
type Source interface {
	// Next gives the next packet; io.EOF after the last. Any other error says
	// where in the source it is; what came before was in order. If it is an
	// *Error with Again set, Next goes on behind what did not make sense.
	Next(*Packet) error
	// Secrets gives the key log that has come since the last call, in the
	// format of SSLKEYLOGFILE: from decryption secrets blocks of pcapng.
	Secrets() []byte
	Close() error
}

// An Interface is one that packets of a pcapng file were captured on.
type Interface struct {
	Name    string // empty: the file does not say
	Link    Link
	SnapLen int // most bytes of a packet that were captured; 0: there is no limit
	clock   clock
}
