package handshake

import (
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/record"
)

// An EffectKind says what an effect does.
type EffectKind uint8

const (
	// Send the bytes From to To of the flight as records of type Content.
	Send EffectKind = iota
	// Show the host the bytes From to To, which are sent inside of what follows.
	Show
	// WriteKeys protects what is sent from here on.
	WriteKeys
	// ReadKeys is for what is received from here on. They may only change
	// between two messages (RFC 9846, section 5.1).
	ReadKeys
	// Decide hands over to the machine of the version that is now known.
	Decide
	// Limits sets the length of records to what was agreed on, in both
	// directions. A change of keys does so for its direction.
	Limits
	// SendSSL2 sends the bytes as a record of SSL 2.0.
	SendSSL2
	// SSL2Keys protects both directions of SSL 2.0 from here on.
	SSL2Keys
	// Complete ends the handshake: application data may flow.
	Complete
	// Refuse ends the connection with a fault, after all that was said.
	Refuse
)

// An Effect is one thing for the engine to do.
type Effect struct {
	Kind     EffectKind
	Content  iana.ContentType
	From, To int32
	Keys     *record.Keys // within the flight
	Fault    error        // Refuse
}

// A Flight is the effects of a step in their order.
type Flight struct {
	buf     []byte
	effects []Effect
	keys    [4]record.Keys
	nkeys   int
}

// Message starts a handshake message: append it to what it returns, and give
// the result to Sent.
func (f *Flight) Message() []byte { return f.buf }

// Sent takes the buffer of Message with a whole message appended and puts the
// message into the flight. It returns the message, which is valid until the
// next call.
func (f *Flight) Sent(buf []byte) []byte { return f.send(iana.ContentHandshake, buf) }

// ChangeCipherSpec puts the record of that name into the flight.
func (f *Flight) ChangeCipherSpec() {
	f.send(iana.ContentChangeCipherSpec, append(f.buf, 1))
}

// SSL2Keys changes to the keys of SSL 2.0.
func (f *Flight) SSL2Keys() { f.effects = append(f.effects, Effect{Kind: SSL2Keys}) }

// SSL2Message puts a message of SSL 2.0 into the flight, or a hello in its
// format: a record of its own.
func (f *Flight) SSL2Message(msg []byte) {
	from := len(f.buf)
	f.buf = append(f.buf, msg...)
	f.effects = append(f.effects, Effect{Kind: SendSSL2, From: int32(from), To: int32(len(f.buf))})
}

// NoCertificate puts the warning of that name into the flight. It is of SSL 3.0,
// and the one alert that is no failure but a message of a handshake.
func (f *Flight) NoCertificate() {
	f.send(iana.ContentAlert, append(f.buf, byte(iana.LevelWarning), byte(iana.AlertNoCertificate)))
}

func (f *Flight) send(ct iana.ContentType, buf []byte) []byte {
	from := len(f.buf)
	f.buf = buf
	if n := len(f.effects); n > 0 && f.effects[n-1].Kind == Send && f.effects[n-1].Content == ct && ct == iana.ContentHandshake {
		f.effects[n-1].To = int32(len(buf))
	} else {
		f.effects = append(f.effects, Effect{Kind: Send, Content: ct, From: int32(from), To: int32(len(buf))})
	}
	return buf[from:]
}

// Show shows the host, if it looks at messages, one that is sent inside of the
// next.
func (f *Flight) Show(ct iana.ContentType, message []byte) {
	from := len(f.buf)
	f.buf = append(f.buf, message...)
	f.effects = append(f.effects, Effect{Kind: Show, Content: ct, From: int32(from), To: int32(len(f.buf))})
}

// WriteKeys changes the keys of what is sent after this.
func (f *Flight) WriteKeys(k record.Keys) { f.setKeys(WriteKeys, k) }

// ReadKeys changes the keys of what is received after this.
func (f *Flight) ReadKeys(k record.Keys) { f.setKeys(ReadKeys, k) }

func (f *Flight) setKeys(kind EffectKind, k record.Keys) {
	f.keys[f.nkeys] = k
	f.effects = append(f.effects, Effect{Kind: kind, Keys: &f.keys[f.nkeys]})
	f.nkeys++
}

// Decide hands over to the machine of the version.
func (f *Flight) Decide() { f.effects = append(f.effects, Effect{Kind: Decide}) }

// Limits sets the length of records.
func (f *Flight) Limits() { f.effects = append(f.effects, Effect{Kind: Limits}) }

// Complete ends the handshake.
func (f *Flight) Complete() { f.effects = append(f.effects, Effect{Kind: Complete}) }

// Refuse ends the connection with a fault.
func (f *Flight) Refuse(err error) {
	f.effects = append(f.effects, Effect{Kind: Refuse, Fault: err})
}

// Effects gives what is to be done, in order.
func (f *Flight) Effects() []Effect { return f.effects }

// Bytes gives the bytes of a Send.
func (f *Flight) Bytes(e Effect) []byte { return f.buf[e.From:e.To] }

// Clear empties the flight and wipes its keys.
func (f *Flight) Clear() {
	clear(f.keys[:f.nkeys])
	f.buf, f.effects, f.nkeys = f.buf[:0], f.effects[:0], 0
}
