package flow

import (
	"bytes"

	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// unlocking is what a connection keeps if there are keys.
type unlocking struct {
	keys     *Keys
	sides    [2]*Unlocker
	finished [2]bool // its Finished was read
	agreed   Agreed
	ems      bool   // extended_master_secret
	session  string // ID and
	ticket   string // ticket that the client offers
	hello    int    // where among the messages the last ClientHello is
	inner    iana.ContentType
	opened   bool // the record at hand was decrypted, and inner is what it holds
}

// keyed takes a ClientHello.
func (k *conn) keyed(hello *wire.ClientHello) {
	if k.unlock == nil && k.options.Keys != nil {
		k.unlock = &unlocking{keys: k.options.Keys}
	}
	u := k.unlock
	if u == nil {
		return
	}
	u.agreed.ClientRandom = [32]byte(hello.Random)
	ticket, _ := hello.Extensions.Get(iana.ExtSessionTicket)
	u.session, u.ticket = string(hello.SessionID), string(ticket)
	u.hello = len(k.story.Messages) - 1
	if k.story.Version != 0 { // after a HelloRetryRequest, or in a renegotiation
		return
	}
	for i := range u.sides {
		u.sides[i] = NewUnlocker(trace.Side(i+1), u.keys, u.agreed.ClientRandom, hello.CipherSuites.Values())
	}
}

// agree takes a ServerHello.
func (k *conn) agree(m *Message, hello *wire.ServerHello) {
	u := k.unlock
	if u == nil || u.sides[0] == nil {
		return
	}
	if hello.Compression != iana.CompressionNull {
		k.note(Note{m.Time, frameOf(m), trace.Server, "compressed", "records are compressed before they are encrypted: they are not opened"})
		u.sides = [2]*Unlocker{}
		return
	}
	u.agreed.Version, u.agreed.Suite = k.story.Version, k.story.Suite
	u.agreed.ServerRandom, u.agreed.SessionID = [32]byte(hello.Random), string(hello.SessionID)
	_, u.agreed.EtM = hello.Extensions.Get(iana.ExtEncryptThenMAC)
	_, u.ems = hello.Extensions.Get(iana.ExtExtendedMasterSecret)
	u.agreed.SessionHash, u.agreed.Exchange, u.agreed.Ticket, u.agreed.NewTicket = nil, nil, "", ""
	if u.session != "" && u.session == u.agreed.SessionID { // RFC 5077, section 3.4
		u.agreed.Ticket = u.ticket
	}
	for _, side := range u.sides {
		side.Agree(u.agreed)
	}
}

// exchange takes a ClientKeyExchange: from it, and from what was said before, a
// private key gives the master secret.
func (k *conn) exchange(raw []byte) {
	u := k.unlock
	if u == nil || u.sides[0] == nil {
		return
	}
	if u.keys.Log.secret(&u.agreed.ClientRandom, masterSecret) != nil {
		return
	}
	u.agreed.Exchange = bytes.Clone(raw[wire.HeaderLen:])
	if k.story.Version > iana.SSL30 && len(u.agreed.Exchange) > 2 {
		u.agreed.Exchange = u.agreed.Exchange[2:]
	}
	if u.ems {
		p, _ := paramsOf(k.story.Suite)
		h := p.Hash
		if k.story.Version < iana.TLS12 {
			h = schedule.MD5SHA1
		}
		messages := h.New()
		for _, m := range k.story.Messages[u.hello:] {
			if m.Content == iana.ContentHandshake && m.Type != iana.MsgHelloRequest {
				messages.Write(m.Raw)
			}
		}
		u.agreed.SessionHash = messages.Sum(nil)
	}
	for _, side := range u.sides {
		side.Agree(u.agreed)
	}
}

// newTicket takes a NewSessionTicket of TLS 1.2 and below, which comes before the
// server's ChangeCipherSpec. RFC 5077, section 3.3.
func (k *conn) newTicket(raw []byte) {
	const head = wire.HeaderLen + 4 + 2 // the lifetime and the length
	u := k.unlock
	if u == nil || u.sides[0] == nil || k.v13 || len(raw) <= head {
		return
	}
	u.agreed.NewTicket = string(raw[head:])
	u.sides[trace.Server-1].Agree(u.agreed)
}

// protected reports whether a record is encrypted, and there may be keys for it.
func (k *conn) protected(from trace.Side, t iana.ContentType) bool {
	if k.unlock == nil || k.unlock.sides[from-1] == nil {
		return false
	}
	if k.sides[from-1].sealed && !k.v13 {
		return true
	}
	return t == iana.ContentApplicationData && (k.v13 || k.story.Version == 0 || k.story.Retried)
}

// missed notes that bytes of a side are lost, and with them records that count.
func (k *conn) missed(from trace.Side, n int64) {
	if k.unlock != nil && k.unlock.sides[from-1] != nil {
		k.unlock.sides[from-1].Missed(n)
	}
}

// decrypt tells what a protected record holds, if it can be opened.
func (k *conn) decrypt(from trace.Side, head RecordHeader, content []byte, at tcp.Chunk) bool {
	u := k.unlock
	t, plain, ok := u.sides[from-1].Open(head, content)
	if !ok {
		return false
	}
	k.story.Keys = true
	u.opened, u.inner = true, t
	defer func() { u.opened = false }()
	k.sides[from-1].sealedN++
	switch t {
	case iana.ContentChangeCipherSpec:
		k.changeCipherSpec(from, head, plain, at)
	case iana.ContentApplicationData:
		k.plainData(from, head, plain, at)
	case iana.ContentHandshake:
		k.handshake(from, head, plain, at)
	case iana.ContentAlert:
		k.alert(from, head, plain, at)
	default:
		m := k.newMessage(from, head, at, t.String())
		m.Length, m.Raw = len(plain), k.keep(plain)
	}
	return true
}

// plainData counts decrypted application data, and hands it on.
func (k *conn) plainData(from trace.Side, head RecordHeader, plain []byte, at tcp.Chunk) {
	d := &k.story.Data[from-1]
	d.Records++
	d.Bytes += int64(len(plain))
	d.Plain = true
	if room := k.options.KeepData - k.carried; room > 0 && len(plain) > 0 {
		part := plain[:min(len(plain), room)]
		k.carried += len(part)
		k.story.Carried = append(k.story.Carried, Carried{from, at.Time, at.Frame, append([]byte(nil), part...)})
	}
	k.run(from, head, len(plain), at)
}

// inside is what a message says of the decrypted record that it is in.
func (k *conn) inside(m *Message) {
	if u := k.unlock; u != nil && u.opened {
		m.Content, m.Encrypted, m.Opened = u.inner, true, true
	}
}

// read takes from a decrypted message what the story says of it.
func (k *conn) read(from trace.Side, t iana.HandshakeType, body []byte) {
	switch t {
	case iana.MsgFinished:
		if k.unlock != nil {
			k.unlock.finished[from-1] = true
		}
	case iana.MsgEncryptedExtensions:
		if e, err := wire.ParseEncryptedExtensions(body); err == nil {
			k.encryptedExtensions(e.Extensions)
		}
	case iana.MsgEndOfEarlyData:
		k.story.EarlyData = Yes
	}
}

// encryptedExtensions takes what TLS 1.3 agrees on in secret. RFC 9846, section
// 4.4.1.
func (k *conn) encryptedExtensions(e wire.Extensions) {
	if b, ok := e.Get(iana.ExtALPN); ok {
		if list, err := wire.ParseALPN(b); err == nil {
			for name := range list.All() {
				k.story.ALPN = string(name)
			}
		}
	}
	if _, ok := e.Get(iana.ExtEarlyData); ok {
		k.story.EarlyData = Yes
	} else {
		k.story.EarlyData = No
	}
}
