package flow

import (
	"bytes"
	"fmt"

	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// record takes a whole record.
func (k *conn) record(from trace.Side, head RecordHeader, content []byte, at tcp.Chunk) {
	h := &k.sides[from-1]
	if h.mac > 0 && k.bare(from, head, content, at) {
		return
	}
	if k.protected(from, head.Content) && k.decrypt(from, head, content, at) {
		return
	}
	switch {
	case head.Content == iana.ContentChangeCipherSpec:
		k.changeCipherSpec(from, head, content, at)
	case head.Content == iana.ContentApplicationData:
		k.applicationData(from, head, at)
	case k.sealed(from, head.Content, content):
		h.sealed = true
		k.encrypted(from, head, at)
	case head.Content == iana.ContentHandshake:
		k.handshake(from, head, content, at)
	case head.Content == iana.ContentAlert:
		k.alert(from, head, content, at)
	default:
		m := k.newMessage(from, head, at, "Heartbeat")
		m.Length, m.Raw = len(content), k.keep(content)
	}
}

// recordPart takes the beginning of a record of handshake messages, of which the rest is
// missing.
func (k *conn) recordPart(from trace.Side, at tcp.Chunk) {
	h := &k.sides[from-1]
	head, ok := h.records.header()
	if content := h.records.buf; ok && head.Content == iana.ContentHandshake && !h.records.drop && len(content) > 0 && h.mac == 0 && !k.sealed(from, head.Content, content) {
		k.handshake(from, head, content, at)
	}
}

// unread takes a record whose content was not captured, or not whole: if it is encrypted,
// not more can be said of others.
func (k *conn) unread(from trace.Side, head RecordHeader, at tcp.Chunk) {
	h := &k.sides[from-1]
	switch {
	case head.Content == iana.ContentApplicationData:
		k.applicationData(from, head, at)
	case head.Content != iana.ContentChangeCipherSpec && !k.v13 && (h.sealed || h.ccs && k.story.Version == 0):
		k.encrypted(from, head, at)
	}
}

// sealed reports whether a record is encrypted, application data apart.
func (k *conn) sealed(from trace.Side, t iana.ContentType, content []byte) bool {
	h := &k.sides[from-1]
	return h.sealed && !k.v13 || (k.story.Midway && !k.hello || h.ccs && k.story.Version == 0) && hidden(t, content)
}

// hidden reports whether a record of a connection of which a part was not captured is
// encrypted: it holds nothing that makes sense.
func hidden(t iana.ContentType, b []byte) bool {
	switch t {
	case iana.ContentAlert:
		return len(b) != 2 || b[0] != byte(iana.LevelWarning) && b[0] != byte(iana.LevelFatal)
	case iana.ContentHandshake:
		for len(b) > 0 {
			head, ok := wire.ParseHeader(b)
			if !ok || head.Type > iana.MsgCompressedCertificate || head.Length > mostRaw {
				return true
			}
			b = b[min(wire.HeaderLen+head.Length, len(b)):]
		}
	}
	return false
}

// newMessage begins a message with the record at hand.
func (k *conn) newMessage(from trace.Side, head RecordHeader, at tcp.Chunk, name string) *Message {
	r := &k.sides[from-1].records
	m := new(Message) // if there are too many, it is left out
	if len(k.story.Messages) < mostMessages {
		m = k.story.memory.message()
	}
	*m = Message{
		From: from, Content: head.Content, Name: name, Time: at.Time, Offset: head.Offset, Count: 1, Length: head.Length,
	}
	m.Frames, m.Segs, m.Records = append(m.frame[:0:1], r.frames...), append(m.seg[:0:1], r.segs...), append(m.record[:0:1], head)
	k.inside(m)
	if len(k.story.Messages) == mostMessages {
		k.note(Note{at.Time, at.Frame, from, "many-messages", fmt.Sprintf("there are more than %d messages: the rest is left out", mostMessages)})
	}
	if k.story.Messages == nil {
		k.story.Messages = make([]*Message, 0, 8)
	}
	if len(k.story.Messages) < mostMessages {
		k.story.Messages = append(k.story.Messages, m)
	}
	return m
}

// keep copies bytes of a message, if there is room.
func (k *conn) keep(b []byte) []byte {
	if len(b) > mostRaw || k.raw+len(b) > mostRawConn {
		return nil
	}
	k.raw += len(b)
	if len(b) > bytesAtOnce/2 {
		return bytes.Clone(b)
	}
	if len(b) > cap(k.room)-len(k.room) {
		fresh := spareBytes.Get().(*[bytesAtOnce]byte)
		k.story.memory.bytes = append(k.story.memory.bytes, fresh)
		k.room = fresh[:0]
	}
	n := len(k.room)
	k.room = append(k.room, b...)
	return k.room[n:len(k.room):len(k.room)]
}

func (k *conn) changeCipherSpec(from trace.Side, head RecordHeader, content []byte, at tcp.Chunk) {
	h := &k.sides[from-1]
	m := k.newMessage(from, head, at, "ChangeCipherSpec")
	m.Raw = k.keep(content)
	if h.ccs = true; !k.v13 && k.hello1213(from) {
		h.sealed, h.mac = true, 0
		if !k.packed {
			h.mac = bareMAC(k.story.Suite)
		}
		if k.unlock != nil && k.unlock.sides[from-1] != nil {
			k.unlock.sides[from-1].ChangeCipherSpec()
		}
	}
}

// hello1213 reports whether a ChangeCipherSpec changes keys: before a version is
// chosen it is one of TLS 1.3's, for middleboxes (RFC 9846, appendix E.4), and so it
// is if the server says it before anything else.
func (k *conn) hello1213(from trace.Side) bool {
	if k.story.Version != 0 {
		return k.story.Version < iana.TLS13
	}
	if from == trace.Server && !k.story.TCP.Guessed {
		said := 0 // with the ChangeCipherSpec
		for _, m := range k.story.Messages {
			if m.From == from {
				said++
			}
		}
		if said <= 1 {
			return false
		}
	}
	return k.sides[from.Other()-1].began && !k.story.Retried
}

// applicationData counts records in runs.
func (k *conn) applicationData(from trace.Side, head RecordHeader, at tcp.Chunk) {
	h, d := &k.sides[from-1], &k.story.Data[from-1]
	h.sealedN++
	d.Records++
	d.Bytes += int64(head.Length)
	if n := len(k.story.Messages); n > 0 && k.v13 && (head.Length == alertRecord13 || head.Length == paddedAlert13 && from == trace.Client && h.sealedN == 1) {
		m := k.newMessage(from, head, at, "Application Data")
		m.Encrypted, m.Inferred = true, "an alert: the record is as long as one"
		return
	}
	k.run(from, head, head.Length, at)
}

// run adds a record with some bytes of application data to a run of them.
func (k *conn) run(from trace.Side, head RecordHeader, length int, at tcp.Chunk) {
	opened := k.unlock != nil && k.unlock.opened
	if n := len(k.story.Messages); n > 0 {
		last := k.story.Messages[n-1]
		if last.From == from && last.Content == iana.ContentApplicationData && last.Inferred == "" && last.Opened == opened {
			last.Count++
			last.Length += length
			if len(last.Lengths) > 0 && len(last.Lengths) < mostLengths {
				last.Lengths = append(last.Lengths, head.Length)
			}
			last.Time = at.Time
			if f := len(last.Frames); f == 0 || last.Frames[f-1] != at.Frame && f < mostFrames {
				last.Frames, last.Segs = append(last.Frames, at.Frame), append(last.Segs, head.Length)
			}
			return
		}
	}
	m := k.newMessage(from, head, at, "Application Data")
	m.Encrypted, m.Length = k.sides[from-1].mac == 0, length
	if k.v13 && len(k.story.Messages) < flightMessages { // it may be one of a handshake: what its records hold shows in their lengths
		m.Lengths = append(make([]int, 0, mostLengths), head.Length)
	}
}

const (
	// alertRecord13 is how long the content of a record with an alert is in TLS
	// 1.3, without padding: the alert, its type, and the tag of any AEAD but
	// AES-128-CCM-8. RFC 9846, section 5.2.
	alertRecord13 = 2 + 1 + 16
	// paddedAlert13 is that of the JDK, which pads what it sends in a handshake.
	paddedAlert13 = alertRecord13 + 16
	// mostLengths is how many lengths of the records of a run are kept, of runs among
	// the first flightMessages messages.
	mostLengths, flightMessages = 8, 12
	// mostFrames is how many frames of a run of application data are kept.
	mostFrames = 64
)

// encrypted notes a record whose content is a secret.
func (k *conn) encrypted(from trace.Side, head RecordHeader, at tcp.Chunk) {
	h := &k.sides[from-1]
	name := "Encrypted " + head.Content.String()
	switch head.Content {
	case iana.ContentHandshake:
		name = "Encrypted Handshake Message"
	case iana.ContentAlert:
		name = "Encrypted Alert"
	}
	m := k.newMessage(from, head, at, name)
	m.Encrypted = true
	if h.sealedN++; h.sealedN == 1 && head.Content == iana.ContentHandshake && !k.story.Holed {
		m.Inferred = "Finished: it is the first encrypted message of this side"
	}
}

// handshake takes a part of the handshake messages of a side.
func (k *conn) handshake(from trace.Side, head RecordHeader, content []byte, at tcp.Chunk) {
	h := &k.sides[from-1]
	if h.skip {
		if _, _, ok := wire.NextMessage(content); !ok {
			return
		}
		h.skip = false
	}
	if len(content) == 0 {
		k.note(Note{at.Time, at.Frame, from, "empty-record", "a handshake record of the " + from.String() + " is empty"})
		return
	}
	for len(content) > 0 {
		if h.message == nil {
			h.message = k.newMessage(from, head, at, "Handshake Message")
			h.partial = h.partial[:0]
		} else if r := h.message.Records; r[len(r)-1].Offset != head.Offset {
			k.more(h.message, from, head)
		}
		if !k.v13 && len(h.partial) == 0 { // the usual case: it is whole, and nothing is copied twice
			if t, raw, ok := wire.NextMessage(content); ok {
				content = content[len(raw):]
				k.message(from, t, raw, at)
				continue
			}
		}
		n := len(content)
		if want := h.wanted(); want > 0 {
			n = min(n, want)
		}
		h.partial = append(h.partial, content[:n]...)
		content = content[n:]
		head, ok := wire.ParseHeader(h.partial)
		if ok && head.Length > mostMessage {
			k.note(Note{at.Time, at.Frame, from, "long-message", fmt.Sprintf("a handshake message of the %v claims %d bytes", from, head.Length)})
			h.message.Type, h.message.Name, h.message.Length = head.Type, wire.MessageName(head.Type), head.Length
			k.lose(from, false)
			return
		}
		if ok && len(h.partial) == wire.HeaderLen+head.Length {
			k.message(from, head.Type, h.partial, at)
		} else if ok {
			h.message.Type, h.message.Name, h.message.Length = head.Type, wire.MessageName(head.Type), head.Length+wire.HeaderLen
		}
	}
}

// mostMessage is how long a handshake message is that is put together, in bytes.
const mostMessage = 1 << 20

// wanted gives how many bytes the message lacks, or its header does.
func (h *half) wanted() int {
	head, ok := wire.ParseHeader(h.partial)
	if !ok {
		return wire.HeaderLen - len(h.partial)
	}
	return wire.HeaderLen + head.Length - len(h.partial)
}

// more adds a record to the message that is under way.
func (k *conn) more(m *Message, from trace.Side, head RecordHeader) {
	r := &k.sides[from-1].records
	m.Records = append(m.Records, head)
	for i, f := range r.frames {
		if n := len(m.Frames); n > 0 && m.Frames[n-1] == f {
			m.Segs[n-1] += r.segs[i]
			continue
		}
		m.Frames, m.Segs = append(m.Frames, f), append(m.Segs, r.segs[i])
	}
}

// message takes a whole handshake message.
func (k *conn) message(from trace.Side, t iana.HandshakeType, raw []byte, at tcp.Chunk) {
	h := &k.sides[from-1]
	m := h.message
	h.message = nil
	m.Type, m.Name, m.Length, m.Time = t, wire.MessageName(t), len(raw), at.Time
	m.Raw = k.keep(raw)
	switch t {
	case iana.MsgClientHello:
		k.clientHello(m, raw[wire.HeaderLen:])
	case iana.MsgServerHello:
		k.serverHello(m, raw[wire.HeaderLen:])
	case iana.MsgClientKeyExchange:
		if k.story.Version == 0 && !k.sides[trace.Server-1].began { // the ServerHello was not captured, and its version is that of records from here on
			k.story.Version = min(m.Records[0].Version, iana.TLS12)
			k.note(Note{at.Time, at.Frame, from, "inferred-version", "the version is that of the client's records: the ServerHello was not captured"})
		}
		k.exchange(raw)
	case iana.MsgNewSessionTicket:
		k.newTicket(raw)
	case iana.MsgCertificate:
		if from == trace.Client {
			k.story.ClientAuth = Yes
			if bytes.Equal(raw[wire.HeaderLen:], []byte{0, 0, 0}) {
				k.story.ClientAuth = No
			}
		}
	}
	k.read(from, t, raw[wire.HeaderLen:])
	h.partial = h.partial[:0]
}

func (k *conn) alert(from trace.Side, head RecordHeader, content []byte, at tcp.Chunk) {
	m := k.newMessage(from, head, at, "Alert")
	m.Raw, m.Length = k.keep(content), len(content)
	a, err := wire.ParseAlert(content)
	if err != nil {
		m.Broken = err
		return
	}
	fatal := a.Level == iana.LevelFatal || k.v13 && a.Description != iana.AlertCloseNotify && a.Description != iana.AlertUserCanceled
	if fatal || a.Description == iana.AlertCloseNotify {
		how := "alert"
		if a.Description == iana.AlertCloseNotify {
			how = "close_notify"
		}
		if k.story.Ended.How == "" {
			k.story.Ended = Ending{How: how, By: from, Alert: a.Description, Fatal: fatal, Known: true, Frame: at.Frame, Time: at.Time}
		}
	}
}
