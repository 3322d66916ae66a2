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
	return k.story.Version == iana.SSL20 || h.records.at == 0 && !k.hello && isSSL2Hello(data)
}

// takeSSL2 takes one record of SSL 2.0 off the bytes, and gives the rest. A record
// that is not whole in one chunk ends the reading.
func (k *conn) takeSSL2(from trace.Side, data []byte, at *tcp.Chunk) []byte {
	h := &k.sides[from-1]
	if len(data) < 3 {
		h.broken = true
		return nil
	}
	head, n := 2, int(binary.BigEndian.Uint16(data)&0x7fff)
	if data[0]&0x80 == 0 {
		head, n = 3, int(binary.BigEndian.Uint16(data)&0x3fff)
	}
	if n == 0 || head+n > len(data) {
		k.note(Note{at.Time, at.Frame, from, "cut", "a record of SSL 2.0 is not whole"})
		h.broken = true
		return nil
	}
	h.records.brought(at.Frame, head+n)
	m := k.newMessage(from, RecordHeader{Content: 0, Version: iana.SSL20, Length: n, Offset: at.Offset}, *at, "SSL 2.0 message")
	m.SSL2, m.Length = true, n
	body := data[head : head+n]
	k.message2(m, h, body)
	h.records.reset()
	at.Offset += int64(head + n)
	return data[head+n:]
}

// names2 are the messages of SSL 2.0 that are sent in the clear.
var names2 = map[byte]string{
	0: "ERROR", 1: "CLIENT-HELLO", 2: "CLIENT-MASTER-KEY", 4: "SERVER-HELLO",
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
	case body[0] == 1 && len(body) >= 3:
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
	case body[0] == 2:
		k.sides[0].sealed, k.sides[1].sealed = true, true
	}
}
