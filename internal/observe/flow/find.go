package flow

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

const (
	// mostPreamble is how many bytes of a side are looked through for TLS. Behind
	// them it is found only where a chunk begins.
	mostPreamble = 1 << 16
	// keptPreamble is how much of the first bytes of a side is kept to see what
	// protocol it is.
	keptPreamble = 512
)

// A finder looks for TLS in what either side says.
type finder struct {
	said    [2][]byte  // the first bytes that are not TLS
	seen    [2]int     // how many such bytes there were
	pending [2]pending // what may be the beginning of TLS
	blind   [2]bool    // bytes are missing: what comes is no beginning

	answer []byte // what a server says to a ClientHello that is no TLS
	at     tcp.Chunk
}

func (f *finder) turn() {
	f.said[0], f.said[1] = f.said[1], f.said[0]
	f.seen[0], f.seen[1] = f.seen[1], f.seen[0]
	f.pending[0], f.pending[1] = f.pending[1], f.pending[0]
	f.blind[0], f.blind[1] = f.blind[1], f.blind[0]
}

// pending is bytes that are too few to tell whether TLS begins with them.
type pending struct {
	data   []byte
	pieces []piece // the chunks that brought them
}

// A piece is a part of a chunk.
type piece struct {
	at  tcp.Chunk
	len int
}

func (p *pending) add(data []byte, at tcp.Chunk) {
	p.data, p.pieces = append(p.data, data...), append(p.pieces, piece{at, len(data)})
}

// drop forgets the first n bytes.
func (p *pending) drop(n int) {
	p.data = p.data[n:]
	for ; n > 0 && n >= p.pieces[0].len; p.pieces = p.pieces[1:] {
		n -= p.pieces[0].len
	}
	if n > 0 {
		p.pieces[0].at.Offset += int64(n)
		p.pieces[0].len -= n
	}
}

// find looks for the beginning of TLS in a chunk, and takes what follows it.
func (k *conn) find(from trace.Side, data []byte, at tcp.Chunk) {
	p := &k.finder.pending[from-1]
	before := len(p.data)
	if before > 0 {
		p.add(data, at)
		data = p.data
	}
	n, what := k.look(from, data, before)
	k.skim(from, data[:n], at)
	switch {
	case what == nothing:
		*p = pending{}
	case before > 0:
		p.drop(n)
		if what != unsure {
			k.beginPending(from, what)
		}
	default:
		at.Offset += int64(n)
		if data = data[n:]; what == unsure {
			p.add(data, at)
			return
		}
		from = k.begin(from, what, data, at.Time)
		k.sides[from-1].records.take(k, from, data, at)
	}
}

// begin notes that TLS begins with the bytes, and gives the side that says them: if
// which is which was guessed, they show it.
func (k *conn) begin(from trace.Side, what beginning, data []byte, at int64) trace.Side {
	s, midway := k.story, what == records && !beginsHandshake(data)
	if s.TCP.Guessed && k.isServersHello(from, data) != (from == trace.Server) {
		s.TCP.Turn()
		k.sides[0], k.sides[1] = k.sides[1], k.sides[0]
		k.finder.turn()
		from = from.Other()
	}
	h := &k.sides[from-1]
	h.began, h.first2 = true, what == ssl2
	if !s.TLS {
		k.preambles()
		s.TLS, s.Started, s.Midway = true, at, s.TCP.Guessed && midway
		if s.Midway {
			k.note(Note{at, 0, 0, "midway", "the capture begins in the middle of the connection: what was said before is not known"})
		}
	}
	return from
}

// beginsHandshake reports whether bytes begin with a hello, however long.
func beginsHandshake(b []byte) bool {
	return b[0] == byte(iana.ContentHandshake) && (len(b) <= headerLen || b[headerLen] <= byte(iana.MsgServerHello))
}

// beginPending begins TLS with what was not sure until now.
func (k *conn) beginPending(from trace.Side, what beginning) {
	p := &k.finder.pending[from-1]
	data, pieces := p.data, p.pieces
	*p = pending{}
	from = k.begin(from, what, data, pieces[0].at.Time)
	for _, one := range pieces {
		k.sides[from-1].records.take(k, from, data[:one.len], one.at)
		data = data[one.len:]
	}
}

// undecided deals with what is not sure when the connection ends: a side that has
// said no more than the beginning of a record has begun.
func (k *conn) undecided(from trace.Side) {
	f := &k.finder
	p := &f.pending[from-1]
	switch {
	case len(p.data) == 0:
	case f.seen[from-1] == 0 && p.data[0] == byte(iana.ContentHandshake):
		k.beginPending(from, records)
	default:
		k.interrupted(from)
	}
}

// interrupted gives up what is not sure: what follows does not belong to it.
func (k *conn) interrupted(from trace.Side) {
	if p := &k.finder.pending[from-1]; len(p.data) > 0 {
		k.skim(from, p.data, p.pieces[0].at)
		*p = pending{}
	}
}

// skim passes over bytes that are not TLS.
func (k *conn) skim(from trace.Side, data []byte, at tcp.Chunk) {
	f := &k.finder
	if len(data) == 0 {
		return
	}
	f.seen[from-1] += len(data)
	if f.blind[from-1] {
		return
	}
	if n := keptPreamble - len(f.said[from-1]); n > 0 {
		f.said[from-1] = append(f.said[from-1], data[:min(n, len(data))]...)
	}
	if n := keptPreamble - len(f.answer); k.hello && from == trace.Server && n > 0 {
		if len(f.answer) == 0 {
			f.at = at
		}
		f.answer = append(f.answer, data[:min(n, len(data))]...)
	}
}

// A beginning is what bytes begin with.
type beginning uint8

const (
	nothing beginning = iota // of TLS
	unsure                   // more bytes will tell
	records
	ssl2 // a hello of SSL 2.0, or in its format
)

// look gives where TLS begins in what a side says, and how: at the end if nowhere.
// The last chunk begins at a byte of it.
func (k *conn) look(from trace.Side, b []byte, chunk int) (int, beginning) {
	seen := k.finder.seen[from-1]
	for i := 0; i < len(b); {
		what := nothing
		if i == 0 || i == chunk {
			what = k.starts(from, b[i:], i == 0 && seen == 0)
		} else if what = helloAt(b[i:]); what != nothing && !k.led(from, b[:i]) {
			what = nothing
		}
		if what != nothing {
			return i, what
		}
		next := len(b)
		if n := bytes.IndexByte(b[i+1:], byte(iana.ContentHandshake)); n >= 0 && seen+i < mostPreamble {
			next = i + 1 + n
		}
		if i < chunk {
			next = min(next, chunk)
		}
		i = next
	}
	return len(b), nothing
}

// led reports whether TLS may begin behind bytes in the middle of a chunk: behind a
// line, an element of XML, or what is known to come before it. Behind anything else it
// belongs to a protocol that carries TLS in packets of its own, such as OpenVPN: what
// follows the hello there is no record.
func (k *conn) led(from trace.Side, before []byte) bool {
	switch before[len(before)-1] {
	case '\n', '>':
		return true
	}
	if k.hello && from == trace.Server {
		return true
	}
	said := k.finder.said
	said[from-1] = slices.Concat(said[from-1], before[:min(len(before), keptPreamble)])
	return len(known(said[0], said[1])) > 0
}

// starts says what a chunk of a side begins with; first is its first one.
func (k *conn) starts(from trace.Side, b []byte, first bool) beginning {
	what := helloAt(b)
	switch {
	case what != nothing:
	case k.hello && from == trace.Server:
		if what = recordAt(b, true); what == nothing && k.story.Version == iana.SSL20 && b[0]&0x80 != 0 {
			what = records
		}
	case first:
		if what = ssl2At(b); what == nothing {
			what = recordAt(b, false)
		}
	case from == trace.Client: // after STARTTLS and the like
		what = ssl2At(b)
	}
	if what == nothing && k.story.TCP.Guessed && followed(b) {
		what = records // the capture began in the middle
	}
	return what
}

// helloAt says whether a ClientHello or a ServerHello begins here: the headers of
// records, and within them, in pieces or whole, the header of the message and the
// version.
func helloAt(b []byte) beginning {
	var head [wireHeader + 2]byte
	for n := 0; n < len(head); {
		switch recordAt(b, true) {
		case nothing:
			return nothing
		case unsure:
			if b[0] != byte(iana.ContentHandshake) {
				return nothing
			}
			return unsure
		}
		length := int(binary.BigEndian.Uint16(b[3:]))
		if b[0] != byte(iana.ContentHandshake) || length == 0 {
			return nothing
		}
		content := b[headerLen:]
		got := copy(head[n:], content[:min(length, len(content))])
		if n += got; n > 0 && head[0] != byte(iana.MsgClientHello) && head[0] != byte(iana.MsgServerHello) {
			return nothing
		}
		if n < len(head) && len(content) <= length {
			return unsure
		}
		b = content[min(length, len(content)):]
	}
	length := int(head[1])<<16 | int(head[2])<<8 | int(head[3])
	if length < 38 || length >= 1<<17 || head[4] != 3 && head[4] != 0x7f || head[4] == 3 && head[5] > 4 {
		return nothing
	}
	return records
}

// wireHeader is how long the header of a handshake message is, in bytes.
const wireHeader = 4

// recordAt says whether a record begins here: any one, also with a message that
// nobody knows, or one that can be the first.
func recordAt(b []byte, any bool) beginning {
	switch {
	case b[0] < byte(iana.ContentChangeCipherSpec) || b[0] > byte(iana.ContentHeartbeat), len(b) > 1 && b[1] != 3, len(b) > 2 && b[2] > 4:
		return nothing
	case len(b) < headerLen:
		return unsure
	case !plausible(b):
		return nothing
	case any:
		return records
	}
	n := binary.BigEndian.Uint16(b[3:])
	ok := n > 0
	switch iana.ContentType(b[0]) {
	case iana.ContentHandshake:
		if n >= wireHeader && len(b) == headerLen {
			return unsure
		}
		ok = ok && (n < wireHeader || b[5] <= byte(iana.MsgCompressedCertificate) || b[5] == byte(iana.MsgMessageHash))
	case iana.ContentAlert:
		ok = n >= 2
	case iana.ContentChangeCipherSpec:
		ok = n == 1
	}
	if ok {
		return records
	}
	return nothing
}

// followed reports whether a record begins here, and another one behind it, or
// nothing.
func followed(b []byte) bool {
	if len(b) <= headerLen || recordAt(b, true) != records {
		return false
	}
	n := headerLen + int(binary.BigEndian.Uint16(b[3:]))
	if n >= len(b) {
		return n == len(b) || recordAt(b, false) == records
	}
	return recordAt(b[n:], true) != nothing
}

// ssl2At says whether a CLIENT-HELLO of SSL 2.0 begins here, or a ClientHello in its
// format. RFC 5246, appendix E.2.
func ssl2At(b []byte) beginning {
	const need = 11
	if b[0]&0x80 == 0 || len(b) > 2 && b[2] != clientHello2 || len(b) > 3 && b[3] != 0 && b[3] != 3 {
		return nothing
	}
	if len(b) < need {
		return unsure
	}
	length := int(binary.BigEndian.Uint16(b) & 0x7fff)
	v := binary.BigEndian.Uint16(b[3:])
	ciphers, id, challenge := int(binary.BigEndian.Uint16(b[5:])), int(binary.BigEndian.Uint16(b[7:])), int(binary.BigEndian.Uint16(b[9:]))
	if (v == 2 || v>>8 == 3) && ciphers%3 == 0 && ciphers > 0 && length == 9+ciphers+id+challenge && challenge >= 16 && challenge <= 64 && id <= 32 {
		return ssl2
	}
	return nothing
}

// closed reports whether the last message of a side is an alert that may be
// close_notify: FTP goes on in the clear after it (RFC 4217, section 6).
func (k *conn) closed(side trace.Side) bool {
	for _, m := range slices.Backward(k.story.Messages) {
		if m.From == side {
			return m.Name == "Encrypted Alert" || m.Content == iana.ContentAlert && bytes.Equal(m.Raw, []byte{byte(iana.LevelWarning), byte(iana.AlertCloseNotify)})
		}
	}
	return false
}

// notARecord ends the reading of a side that says something else.
func (k *conn) notARecord(from trace.Side, at tcp.Chunk) {
	h := &k.sides[from-1]
	h.broken = true
	k.lose(from, false)
	head := h.records.head[:]
	code, text := "not-a-record", fmt.Sprintf("what the %v says from byte %d on is no record: %s", from, h.records.at, printable(head))
	if head[1] == 3 && head[0] >= 20 && head[0] <= 24 {
		text = fmt.Sprintf("a record of the %v claims %d bytes, %d are allowed", from, binary.BigEndian.Uint16(head[3:]), mostRecord)
	}
	if k.closed(from) {
		code, text = "after-tls", fmt.Sprintf("the %v goes on without TLS: %s", from, printable(head))
	}
	k.note(Note{at.Time, at.Frame, from, code, text})
}
