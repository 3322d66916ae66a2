package engine

import (
	"bytes"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/sslv2"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// What a peer may do at most before it is taken to mean harm.
const (
	maxEmptyRecords  = 32      // records without content, in a row
	maxWarningAlerts = 4       // in a row
	maxKeyUpdates    = 32      // in a row
	maxMessage       = 1 << 16 // bytes of a handshake message, but for certificates and the ClientHello
	maxTickets       = 64      // without application data in between
	maxChangeCiphers = 32      // ignored ChangeCipherSpec records of TLS 1.3
	maxHelloRequests = 32      // ignored HelloRequests of TLS 1.2, in a row
)

// counters count what must not go on for ever.
type counters struct {
	empty, warnings, keyUpdates, changeCiphers, tickets, helloRequests uint8
}

// Need says how many bytes Input must be given at least to make progress,
// having seen buf.
func (c *Conn) Need(buf []byte) int {
	if c.ssl2 != nil {
		return sslv2.Need(buf)
	}
	if !c.begun && isSSL2(buf) {
		return ssl2Length(buf)
	}
	if len(buf) < record.HeaderLen {
		return record.HeaderLen
	}
	return record.HeaderLen + int(buf[3])<<8 + int(buf[4])
}

// Input takes the first record of buf. It gives the length of what it took, 0
// if the record is not yet whole, a question is pending or the connection has
// ended, and application data, which is decrypted in place and lies in buf. The
// error is the fault that ended the connection.
func (c *Conn) Input(buf []byte, now time.Time) (n int, data []byte, err error) {
	if c.err != nil || c.closeReceived || c.Pending() != nil || c.again.waiting {
		return 0, nil, c.err
	}
	if c.ssl2 != nil {
		return c.inputSSL2(buf, now)
	}
	if !c.begun && len(buf) > 0 {
		c.heard = true
		if err := c.sniff(buf); err != nil {
			c.tick(now)
			c.fail(err)
			return 0, nil, c.err
		}
	}
	if !c.begun && isSSL2(buf) {
		if n = ssl2Length(buf); len(buf) < max(n, record.HeaderLen) {
			return 0, nil, nil
		}
		c.begun = true
		c.tick(now)
		if err = c.takeSSL2(buf[:n]); err != nil {
			c.fail(err)
			return 0, nil, c.err
		}
		return n, nil, c.err
	}
	if len(buf) < record.HeaderLen {
		return 0, nil, nil
	}
	c.begun = true
	if n, err = c.read.Length(buf); err == nil && len(buf) < n {
		return 0, nil, nil
	}
	c.tick(now)
	if err == nil {
		data, err = c.take(buf[:n])
	}
	if err != nil {
		c.fail(err)
		return 0, nil, c.err
	}
	return n, data, c.err
}

// take handles one whole record.
func (c *Conn) take(rec []byte) (data []byte, err error) {
	if iana.ContentType(rec[0]) == iana.ContentChangeCipherSpec && c.ignoresChangeCipherSpec() {
		return nil, c.ignoreChangeCipherSpec(rec[record.HeaderLen:])
	}
	if c.plainAlert(rec) {
		return nil, c.onAlert(rec[record.HeaderLen:])
	}
	ct, content, err := c.read.Open(rec)
	if early, err := c.skipEarlyData(ct, len(rec), err); early {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	c.unsealed = c.unsealed || c.read.Protected()
	if err := c.countEmpty(ct, content); err != nil {
		return nil, err
	}
	switch {
	case ct == iana.ContentAlert:
		return nil, c.onAlert(content)
	case len(c.partial) > 0 && ct != iana.ContentHandshake:
		// RFC 9846, section 5.1: the records of a message follow each other.
		return nil, fault.With(fault.UnexpectedRecord, "%v within a handshake message", ct)
	case ct == iana.ContentHandshake:
		c.onHandshake(content)
		return nil, nil
	case ct == iana.ContentChangeCipherSpec:
		return nil, c.onChangeCipherSpec(content)
	case ct == iana.ContentApplicationData && !c.complete:
		return c.earlyData(content)
	case ct == iana.ContentApplicationData && c.authenticating():
		return nil, fault.With(fault.DataInHandshake, "between the messages of an authentication")
	case ct == iana.ContentApplicationData && c.awaitsFinished():
		return nil, fault.With(fault.DataInHandshake, "between ChangeCipherSpec and Finished")
	case ct == iana.ContentApplicationData:
		if len(content) > 0 {
			c.count = counters{}
		}
		return content, nil
	}
	return nil, fault.With(fault.UnexpectedRecord, "%v", ct)
}

// plainAlert reports whether the record is an alert in the clear from a client
// that has no keys, because it refuses the ServerHello of TLS 1.3 with which
// this side's came. It cannot be verified; but whoever could forge it could end
// the connection anyway, and without it nobody would know the client's reason.
func (c *Conn) plainAlert(rec []byte) bool {
	return iana.ContentType(rec[0]) == iana.ContentAlert && len(rec) == record.HeaderLen+2 && !c.unsealed &&
		c.read.Protected() && c.side == trace.Server && c.Established().Version == iana.TLS13
}

// countEmpty refuses empty records where they are forbidden, and a flood of
// them elsewhere. RFC 9846, section 5.1.
func (c *Conn) countEmpty(ct iana.ContentType, content []byte) error {
	if len(content) > 0 {
		if ct != iana.ContentAlert { // or the two could take turns for ever
			c.count.empty = 0
		}
		return nil
	}
	if ct != iana.ContentApplicationData {
		return fault.With(fault.EmptyHandshakeRecord, "%v", ct)
	}
	if c.count.empty++; c.count.empty > maxEmptyRecords {
		return fault.EmptyRecords
	}
	return nil
}

// onHandshake takes the messages out of the content of a record. Whole ones
// are read where they lie.
func (c *Conn) onHandshake(content []byte) {
	if len(c.partial) > 0 {
		c.partial = append(c.partial, content...)
		c.messages()
		return
	}
	rest := c.messagesIn(content)
	if len(rest) > 0 {
		c.partial = append(c.partial, rest...)
	}
}

// messages goes on with what is buffered.
func (c *Conn) messages() {
	if len(c.partial) == 0 || c.err != nil {
		return
	}
	buffered := c.partial
	c.partial = nil // so that keys may change after the last message
	switch rest := c.messagesIn(buffered); len(rest) {
	case 0:
	case len(buffered): // as after most records of a long message: it stays where it is
		c.partial = buffered
	default:
		c.partial = append(buffered[:0], rest...)
	}
}

// messagesIn walks the machine with each whole message of buf and gives what
// is left.
func (c *Conn) messagesIn(buf []byte) []byte {
	for len(buf) > 0 && c.err == nil && c.Pending() == nil && !c.again.waiting {
		t, raw, ok := wire.NextMessage(buf)
		if !ok {
			if c.refuses(buf) {
				return nil
			}
			return buf
		}
		buf = buf[len(raw):]
		c.more = len(buf) > 0
		c.message(handshake.Message{Type: t, Body: raw[wire.HeaderLen:], Raw: raw})
	}
	return buf
}

// message gives the machine a message.
func (c *Conn) message(m handshake.Message) {
	if err := c.tooLong(m.Raw); err != nil {
		c.fail(err)
		return
	}
	c.observe(false, iana.ContentHandshake, m.Raw)
	if c.core == nil {
		if err := c.connected(m); err != nil {
			c.fail(err)
		}
		return
	}
	c.core.Log.Received(m.Type)
	if c.ignoresHelloRequest(m) {
		return
	}
	c.step(handshake.Trigger(m.Type), m)
}

// ignoresHelloRequest reports whether a server of TLS 1.2 or below asks for what
// is under way, which it may do at any time. The message is in no transcript.
// RFC 5246, section 7.4.1.1.
func (c *Conn) ignoresHelloRequest(m handshake.Message) bool {
	if m.Type != iana.MsgHelloRequest || len(m.Body) > 0 || c.side != trace.Client || c.core.Done.Version == iana.TLS13 {
		return false
	}
	c.count.helloRequests++
	return c.count.helloRequests <= maxHelloRequests
}

// refuses ends the connection if the message that begins with buf is not to be
// kept until it is whole: it is too long, or the state does not wait for it.
func (c *Conn) refuses(buf []byte) bool {
	if len(buf) < wire.HeaderLen {
		return false
	}
	if err := c.tooLong(buf); err != nil {
		c.fail(err)
		return true
	}
	t := iana.HandshakeType(buf[0])
	if c.core == nil {
		if c.takes(t) {
			return false
		}
		c.fail(c.notTaken(t))
		return true
	}
	if w, ok := c.machine.(waiter); !ok || w.Awaits(handshake.Trigger(t)) {
		return false
	}
	c.core.Log.Received(t)
	c.step(handshake.Trigger(t), handshake.Message{Type: t}) // which says that it does not
	return true
}

// tooLong refuses a message by the length in its header, before it is there.
func (c *Conn) tooLong(buf []byte) error {
	n, limit := int(buf[1])<<16|int(buf[2])<<8|int(buf[3]), maxMessage
	switch iana.HandshakeType(buf[0]) {
	case iana.MsgClientHello:
		limit = wire.MaxClientHello
	case iana.MsgCertificate, iana.MsgCompressedCertificate, iana.MsgCertificateRequest:
		config := c.config
		if c.core != nil {
			config = c.core.Config // the settings for this client
		}
		limit = config.CertificateLimit()
	}
	if n > limit {
		return fault.With(fault.MessageTooLong, "%v has %d bytes, the limit is %d", iana.HandshakeType(buf[0]), n, limit)
	}
	return nil
}

// ignoresChangeCipherSpec reports whether the version is TLS 1.3, or may become
// it: its handshakes carry records of that type for middleboxes and give them no
// meaning, from the first ClientHello on. RFC 9846, section 5 and appendix E.4.
func (c *Conn) ignoresChangeCipherSpec() bool {
	if c.complete {
		return false
	}
	v := c.Established().Version
	return v == iana.TLS13 || v == 0 && c.side == trace.Client && c.config.Policy.Allows(iana.TLS13)
}

func (c *Conn) ignoreChangeCipherSpec(content []byte) error {
	switch {
	case !bytes.Equal(content, []byte{1}):
		return fault.BadChangeCipherSpec
	case len(c.partial) > 0:
		return fault.With(fault.UnexpectedRecord, "%v within a handshake message", iana.ContentChangeCipherSpec)
	case c.count.changeCiphers >= maxChangeCiphers:
		return fault.With(fault.EmptyRecords, "%v", iana.ContentChangeCipherSpec)
	}
	c.count.changeCiphers++
	return nil
}

func (c *Conn) onChangeCipherSpec(content []byte) error {
	if !bytes.Equal(content, []byte{1}) {
		return fault.BadChangeCipherSpec
	}
	if c.core == nil {
		return fault.UnexpectedChangeCipherSpec
	}
	c.observe(false, iana.ContentChangeCipherSpec, content)
	c.step(handshake.ChangeCipherSpec, handshake.Message{})
	return nil
}

// sniff tells from the first bytes what speaks, if it is not TLS.
func (c *Conn) sniff(buf []byte) error {
	switch {
	case buf[0] >= byte(iana.ContentChangeCipherSpec) && buf[0] <= byte(iana.ContentApplicationData):
		return nil // whether it may come first is for the state to say
	case bytes.HasPrefix(buf, []byte("CONNECT ")):
		return fault.HTTPSProxyRequest
	case isHTTP(buf):
		return fault.HTTPRequest
	case len(buf) < record.HeaderLen:
		return nil
	case isSSL2(buf):
		return c.refuseSSL2(buf)
	}
	return fault.With(fault.NotTLS, "they are %q", buf[:min(len(buf), 16)])
}

var methods = []string{"GET ", "HEAD ", "POST ", "PUT ", "OPTIONS ", "DELETE ", "PATCH ", "TRACE ", "PRI ", "HTTP/"}

// otherScheme reports whether what follows a method is a URL of another protocol that
// has borrowed HTTP's words, as SIP and RTSP have.
func otherScheme(b []byte) bool {
	for _, scheme := range []string{"sip:", "sips:", "rtsp:"} {
		if bytes.HasPrefix(b, []byte(scheme)) {
			return true
		}
	}
	return false
}

func isHTTP(buf []byte) bool {
	for _, m := range methods {
		if bytes.HasPrefix(buf, []byte(m)) {
			return !otherScheme(buf[len(m):])
		}
	}
	return false
}
