package flow

import (
	"encoding/binary"

	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// ssl2 reports whether the bytes, at the beginning of a record, are one of SSL 2.0.
func (h *half) ssl2(k *conn, data []byte) bool {
	if h.records.at == 0 && data[0] == byte(iana.ContentAlert) && recordAt(data, false) != nothing {
		return false // of a server that knows nothing so old
	}
	return k.story.Version == iana.SSL20 || h.first2
}

// header2 gives the lengths of a record of SSL 2.0 and of its header, 0 if the bytes
// do not say them yet.
func header2(b []byte) (head, length int) {
	switch {
	case len(b) < 2:
		return 0, 0
	case b[0]&0x80 != 0:
		return 2, int(binary.BigEndian.Uint16(b) & 0x7fff)
	}
	return 3, int(binary.BigEndian.Uint16(b) & 0x3fff)
}

// takeSSL2 takes one record of SSL 2.0 off the bytes, or a part of one, and gives
// the rest.
func (k *conn) takeSSL2(from trace.Side, data []byte, at *tcp.Chunk) []byte {
	h := &k.sides[from-1]
	r := &h.records
	if len(r.buf) == 0 {
		r.at = at.Offset
	}
	whole, before := data, len(r.buf)
	if before > 0 {
		r.buf = append(r.buf, data...)
		whole = r.buf
	}
	head, n := header2(whole)
	if head > 0 && n == 0 {
		k.note(Note{at.Time, at.Frame, from, "not-a-record", "a record of SSL 2.0 of the " + from.String() + " is empty"})
		h.broken = true
		return nil
	}
	if head == 0 || head+n > len(whole) {
		if before == 0 {
			r.buf = append(r.buf, data...)
		}
		r.brought(at.Frame, len(data))
		at.Offset += int64(len(data))
		return nil
	}
	h.first2 = false
	took := head + n - before
	r.brought(at.Frame, took)
	at.Offset += int64(took)
	m := k.newMessage(from, RecordHeader{Content: 0, Version: iana.SSL20, Length: n, Offset: r.at}, *at, "SSL 2.0 message")
	m.SSL2, m.Length = true, n
	k.message2(m, h, whole[head:head+n])
	r.reset()
	return data[took:]
}

// Messages of SSL 2.0.
const (
	clientHello2     = 1
	clientMasterKey2 = 2
	serverHello2     = 4
)

// names2 are the messages of SSL 2.0 that are sent in the clear.
var names2 = map[byte]string{
	0: "ERROR", clientHello2: "CLIENT-HELLO", clientMasterKey2: "CLIENT-MASTER-KEY", serverHello2: "SERVER-HELLO",
}

func (k *conn) message2(m *Message, h *half, body []byte) {
	if h.sealed {
		m.Name, m.Encrypted = "Encrypted SSL 2.0 message", true
		h.sealedN++
		return
	}
	m.Raw = k.keep(body)
	if n, ok := names2[body[0]]; ok {
		m.Name = n
	}
	switch {
	case body[0] == clientHello2 && len(body) >= 3:
		k.hello = true
		if v := iana.Version(binary.BigEndian.Uint16(body[1:])); v != iana.SSL20 {
			m.Name = "ClientHello" // of something newer, in the format of SSL 2.0
			if hello, err := wire.ParseSSL2ClientHello(body); err == nil {
				as := hello.ClientHello()
				k.keyed(&as)
			}
			return
		}
		k.story.Version = iana.SSL20
	case body[0] == clientMasterKey2:
		k.sides[0].sealed, k.sides[1].sealed = true, true
	}
}
